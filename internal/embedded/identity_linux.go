package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

const (
	mappedID = 1000  // who root is inside the user namespace
	nobodyID = 65534 // the user and the group of the kernel's overflow id
)

// identity is the user as whom PostgreSQL runs, which must not be root.
type identity struct {
	attr  func() *syscall.SysProcAttr
	owner int // the uid and gid that its files must have in this process's view
}

// chooseIdentity finds a user as whom program can be run: the own one if it is not root; else root under another id
// in a user namespace, which can use the same files; else, where namespaces are forbidden, nobody.
func chooseIdentity(ctx context.Context, program string, namespaces bool, log *slog.Logger) (identity, error) {
	if os.Geteuid() != 0 {
		return identity{attr: func() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }, owner: os.Geteuid()}, nil
	}
	err := errors.New("namespaces are switched off")
	if namespaces {
		mapped := identity{attr: mappedRoot, owner: 0}
		if err = mapped.try(ctx, program); err == nil {
			return mapped, nil
		}
	}
	log.WarnContext(ctx, "no user namespace for postgres, it runs as nobody", "reason", err)
	nobody := identity{attr: asNobody, owner: nobodyID}
	if nobodyErr := nobody.try(ctx, program); nobodyErr != nil {
		return identity{}, fmt.Errorf("postgres refuses to run as root, and neither a user namespace (%w) nor nobody (%w) can run %s; "+
			"run trunkline as an ordinary user, or set TRUNKLINE_POSTGRES_DSN", err, nobodyErr, program)
	}
	return nobody, nil
}

func mappedRoot() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: mappedID, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: mappedID, HostID: os.Getgid(), Size: 1}},
	}
}

// apartAttr gives a process a network of its own. In its namespace it is root, who may bring the loopback up; to files it is who it was.
func apartAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
}

func asNobody() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobodyID, Gid: nobodyID}}
}

func (i identity) try(ctx context.Context, program string) error {
	cmd := exec.CommandContext(ctx, program, "--version")
	cmd.SysProcAttr = i.attr()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w %s", err, out)
	}
	return nil
}

// own gives everything below dir to the identity, if it belongs to another one, and lets it pass through the data folder.
func (i identity) own(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("look at %s: %w", dir, err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || os.Geteuid() != 0 {
		return nil
	}
	if i.owner == nobodyID {
		if err := openPath(filepath.Dir(dir)); err != nil {
			return err
		}
	}
	if int(stat.Uid) == i.owner && i.owner != nobodyID {
		return nil // and so is all below it, unless root has added files to a folder of nobody
	}
	return i.ownAll(dir)
}

// ownAll stays inside dir, whatever links there are in it: it runs as root.
func (i identity) ownAll(dir string) (err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("look into %s: %w", dir, err)
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	return fs.WalkDir(root.FS(), ".", func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, root.Lchown(path, i.owner, i.owner))
	})
}

// openPath lets others pass through the data folder and refuses a folder above it through which they cannot.
func openPath(data string) error {
	const pass = 0o001
	info, err := os.Stat(data)
	if err != nil {
		return fmt.Errorf("look at %s: %w", data, err)
	}
	if err := os.Chmod(data, info.Mode().Perm()|pass); err != nil {
		return notWritable(data, err)
	}
	for dir := filepath.Dir(data); ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil {
			return fmt.Errorf("look at %s: %w", dir, err)
		}
		if info.Mode().Perm()&pass == 0 {
			return fmt.Errorf("%w: postgres runs as nobody here and cannot pass through %s; "+
				"choose another folder with --data, run trunkline as an ordinary user, or set TRUNKLINE_POSTGRES_DSN", ErrNotWritable, dir)
		}
		if dir == filepath.Dir(dir) {
			return nil
		}
	}
}
