package provision

import (
	"bytes"
	"crypto/md5" //nolint:gosec // Digest authentication is defined over it (RFC 7616); the hash is no secret's only guard.
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"reflect"

	"go.yaml.in/yaml/v3"

	"trunkline/rating"
)

// Bundle is an operator's file together with the deck and tariff files that stand beside it.
type Bundle struct {
	Operator Operator
	Files    map[string][]byte // By the names that the operator's file and the tariffs use.
	Past     *Past             // What tariffs and decks were before, those of now among it; nil: it is not known.

	source string     // Name of the operator's file, for messages; empty when it came out of the store.
	node   *yaml.Node // Its tree, for the lines of messages.
	weak   []*Fault   // Passwords that are easy to guess.
}

// maxFile bounds one file of a bundle.
const maxFile = 256 << 20

// OpenBundle reads an operator's file, and all that it names beside it, as ReadBundle does.
func OpenBundle(file string) (*Bundle, error) {
	return ReadBundle(os.DirFS(filepath.Dir(file)), filepath.Base(file))
}

// ReadBundle reads the operator's file and all that it names from a folder. Everything that is wrong is told at once,
// with file, line, field and remedy.
func ReadBundle(dir fs.FS, name string) (*Bundle, error) {
	data, err := readFile(dir, name)
	if err != nil {
		return nil, err
	}
	b := &Bundle{Files: make(map[string][]byte), source: name, node: new(yaml.Node)}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(&b.Operator); err != nil && !errors.Is(err, io.EOF) {
		return nil, unreadable(name, reflect.TypeFor[Operator](), err)
	}
	if err := yaml.Unmarshal(data, b.node); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	b.complete()
	base := path.Dir(name)
	for i := range b.Operator.Decks {
		if err := b.take(dir, base, b.Operator.Decks[i].File, fmt.Sprintf("decks[%d].file", i)); err != nil {
			return nil, err
		}
	}
	for i := range b.Operator.Tariffs {
		if err := b.takeTariff(dir, base, i); err != nil {
			return nil, err
		}
	}
	if err := b.takeLogos(func(name, field string) error { return b.take(dir, base, name, field) }); err != nil {
		return nil, err
	}
	return b, b.takeFormats(dir, base)
}

// takeFormats reads the descriptions of the PBXs' own formats.
func (b *Bundle) takeFormats(dir fs.FS, base string) error {
	for i := range b.Operator.Tenants {
		for j, p := range b.Operator.Tenants[i].PBXs {
			if !p.OwnFormat() {
				continue
			}
			if err := b.take(dir, base, p.Format, fmt.Sprintf("tenants[%d].pbxs[%d].format", i, j)); err != nil {
				return err
			}
		}
	}
	return nil
}

// describeFormats gives every PBX with a format of the operator's own what its file says.
func (b *Bundle) describeFormats() {
	for i := range b.Operator.Tenants {
		pbxs := b.Operator.Tenants[i].PBXs
		for j := range pbxs {
			if pbxs[j].OwnFormat() {
				pbxs[j].Description = b.Files[pbxs[j].Format]
			}
		}
	}
}

func readFile(dir fs.FS, name string) ([]byte, error) {
	f, err := dir.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("read %s: larger than %d MiB", name, maxFile>>20)
	}
	return data, nil
}

func (b *Bundle) take(dir fs.FS, base, name, field string) error {
	if name == "" {
		return b.fault(field, "is empty", "give the name of a file beside this one")
	}
	if _, ok := b.Files[name]; ok {
		return nil
	}
	data, err := readFile(dir, path.Join(base, name))
	if err != nil {
		return b.fault(field, err.Error(), "correct the name, or put the file there")
	}
	b.Files[name] = data
	return nil
}

// takeTariff reads a tariff file, and the deck files that it names in its turn.
func (b *Bundle) takeTariff(dir fs.FS, base string, i int) error {
	t := &b.Operator.Tariffs[i]
	field := fmt.Sprintf("tariffs[%d].file", i)
	if err := b.take(dir, base, t.File, field); err != nil {
		return err
	}
	var missing error
	_, _ = rating.ParseTariff(t.File, b.Files[t.File], func(file string) (*rating.Deck, error) {
		name := path.Join(path.Dir(t.File), file)
		missing = errors.Join(missing, b.take(dir, base, name, field))
		return nil, errors.New("not needed yet")
	})
	return missing
}

// complete fills in what follows from the rest: logins, and the hashes that stand for passwords.
func (b *Bundle) complete() {
	for i := range b.Operator.Tenants {
		t := &b.Operator.Tenants[i]
		for j := range t.Trunks {
			t.Trunks[j].complete(t.ID, b.Operator.Realm)
		}
		for j := range t.Numbers {
			t.Numbers[j].Class = rating.ClassName(t.Numbers[j].Class)
		}
		for j := range t.Branches {
			for k := range t.Branches[j].Extensions {
				e := &t.Branches[j].Extensions[k]
				weak := ""
				if e.Password != "" {
					weak = WeakPassword(e.Password, t.ID, e.ID, e.Login)
				}
				e.complete(t.ID, b.Operator.Realm)
				if weak != "" {
					b.weak = append(b.weak, b.warning(fmt.Sprintf("tenants[%d].branches[%d].extensions[%d].password", i, j, k),
						weak+", so that who scans for phones guesses it", "use one such as "+ProposePassword()))
				}
			}
		}
	}
}

func (e *Extension) complete(tenant, realm string) {
	if e.Login == "" {
		e.Login = tenant + "-" + e.ID
	}
	if e.Password == "" {
		return
	}
	e.HA1MD5, e.HA1SHA256 = hashes(e.Login, realm, e.Password)
	e.Password = ""
}

// hashes are what digest authentication needs of a password (RFC 7616, section 3.4.2).
func hashes(login, realm, password string) (md5Hash, sha256Hash string) {
	secret := login + ":" + realm + ":" + password
	m := md5.Sum([]byte(secret)) //nolint:gosec // As above.
	s := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(m[:]), hex.EncodeToString(s[:])
}
