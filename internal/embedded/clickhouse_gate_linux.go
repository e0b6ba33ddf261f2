//go:build linux && amd64

package embedded

import (
	"context"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// The library trusts that only its own program connects: an exception of a session that never began (a wrong password over the
// native protocol, a client of the HTTP port that is gone before the answer) ends the whole process. It therefore lives in a network
// of its own, which has nothing but a loopback, and a gate stands between: it accepts on the sockets that the parent has opened,
// lets in whoever knows the password, and speaks with the library in their name.

const (
	gateNative    = 4 // The sockets are inherited: 3 is the lock.
	gateHTTP      = 5
	helloLimit    = 5 * time.Second
	helloSize     = 4096
	strangersMost = 64 // Connections at a time that have not said yet who they are.
)

// gate guards the library.
type gate struct {
	password  string
	native    string // Address of the library's native port.
	http      string
	strangers chan struct{}
}

// openGate begins to accept connections on the sockets that the process has inherited.
func openGate(native, http string) error {
	secret, err := os.ReadFile("password") // The process runs in the engine's folder.
	if err != nil {
		return fmt.Errorf("password of clickhouse: %w", err)
	}
	g := &gate{password: strings.TrimSpace(string(secret)), native: native, http: http, strangers: make(chan struct{}, strangersMost)}
	listener, err := inherited(gateNative)
	if err != nil {
		return err
	}
	web, err := inherited(gateHTTP)
	if err != nil {
		return err
	}
	go g.accept(listener)
	go g.serveHTTP(web)
	return nil
}

func inherited(fd uintptr) (net.Listener, error) {
	file := os.NewFile(fd, "socket")
	l, err := net.FileListener(file)
	if err != nil {
		return nil, fmt.Errorf("socket of clickhouse: %w", err)
	}
	return l, file.Close()
}

func (g *gate) accept(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			<-time.After(firstPause) // Out of descriptors, most likely.
			continue
		}
		go g.admit(conn)
	}
}

// admit reads who a connection says to be, and hands it to the library when the password is right.
func (g *gate) admit(conn net.Conn) {
	defer conn.Close()
	g.strangers <- struct{}{}
	hello, err := readHello(conn)
	<-g.strangers
	if err != nil {
		return
	}
	if !g.knows(hello.user, hello.password) {
		_, _ = conn.Write(refusal(hello.user)) // Whoever does not read it is gone.
		return
	}
	var dialer net.Dialer
	library, err := dialer.DialContext(context.Background(), "tcp", g.native)
	if err != nil {
		return
	}
	defer library.Close()
	if _, err := library.Write(hello.raw); err != nil {
		return
	}
	var both sync.WaitGroup
	both.Go(func() { pipe(library, conn) })
	both.Go(func() { pipe(conn, library) })
	both.Wait()
}

func (g *gate) knows(user, password string) bool {
	return user == role && subtle.ConstantTimeCompare([]byte(password), []byte(g.password)) == 1
}

// pipe copies until one side ends, and tells the other.
func pipe(to, from net.Conn) {
	_, _ = io.Copy(to, from)
	if c, ok := to.(*net.TCPConn); ok {
		_ = c.CloseWrite()
	}
	if c, ok := from.(*net.TCPConn); ok {
		_ = c.CloseRead()
	}
}

// hello is the first packet of a client of the native protocol.
type hello struct {
	user, password string
	raw            []byte
}

var errNoHello = errors.New("no hello of the native protocol")

func readHello(conn net.Conn) (hello, error) {
	if err := conn.SetReadDeadline(time.Now().Add(helloLimit)); err != nil { //nolint:forbidigo // A deadline of the kernel's.
		return hello{}, err
	}
	var raw []byte
	chunk := make([]byte, helloSize)
	for len(raw) < helloSize {
		n, err := conn.Read(chunk[:helloSize-len(raw)])
		if err != nil {
			return hello{}, err
		}
		raw = append(raw, chunk[:n]...)
		h, complete, err := parseHello(raw)
		if err != nil {
			return hello{}, err
		}
		if complete {
			return h, conn.SetReadDeadline(time.Time{})
		}
	}
	return hello{}, errNoHello
}

// parseHello reads packet type 0, the client's name, its version and revision, the database, user and password. False: more is to come.
func parseHello(raw []byte) (h hello, complete bool, err error) {
	at := 0
	number := func() (uint64, bool) {
		v, n := binary.Uvarint(raw[at:])
		at += max(n, 0)
		return v, n > 0
	}
	text := func() (string, bool) {
		n, ok := number()
		if !ok || n > helloSize || at+int(n) > len(raw) {
			if n > helloSize {
				err = errNoHello
			}
			return "", false
		}
		s := string(raw[at : at+int(n)])
		at += int(n)
		return s, true
	}
	kind, ok := number()
	if ok && kind != 0 {
		return h, false, errNoHello
	}
	if _, ok = text(); !ok {
		return h, false, err
	}
	for range 3 {
		if _, ok = number(); !ok {
			return h, false, nil
		}
	}
	if _, ok = text(); !ok {
		return h, false, err
	}
	if h.user, ok = text(); !ok {
		return h, false, err
	}
	if h.password, ok = text(); !ok {
		return h, false, err
	}
	h.raw = raw
	return h, true, nil
}

// refusal is the packet Exception with the words of the server itself.
func refusal(user string) []byte {
	const exception, authenticationFailed = 2, 516
	b := []byte{exception}
	b = binary.LittleEndian.AppendUint32(b, authenticationFailed)
	for _, s := range []string{"DB::Exception", "DB::Exception: " + user + ": Authentication failed: password is incorrect, or there is no user with such name.", ""} {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	return append(b, 0)
}

// raiseLoopback brings the loopback of the process's own network up.
func raiseLoopback() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("loopback: %w", err)
	}
	defer unix.Close(fd)
	request, err := unix.NewIfreq("lo")
	if err != nil {
		return fmt.Errorf("loopback: %w", err)
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFFLAGS, request); err != nil {
		return fmt.Errorf("loopback: %w", err)
	}
	request.SetUint16(request.Uint16() | unix.IFF_UP | unix.IFF_RUNNING)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, request); err != nil {
		return fmt.Errorf("loopback: %w", err)
	}
	return nil
}
