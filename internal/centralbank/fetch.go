package centralbank

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"time"

	"trunkline/internal/clock"
)

// Bounds of a fetch.
const (
	tryTime   = 30 * time.Second
	tries     = 3
	firstWait = 2 * time.Second
	redirects = 3
)

// Fetcher fetches documents. It is safe for concurrent use.
type Fetcher struct {
	Clock        clock.Clock
	AllowPrivate bool // Addresses of this host and of private networks may be asked, too.
}

// Fetch returns a document: of an http or https address, or of a file. It is bounded in size and time, and a server that fails is asked
// three times. Addresses of private networks are refused, whatever name leads to them.
func (f *Fetcher) Fetch(ctx context.Context, source string) ([]byte, error) {
	if !strings.HasPrefix(source, "http://") && !strings.HasPrefix(source, "https://") {
		return readFile(source)
	}
	client := f.client()
	defer client.CloseIdleConnections()
	var failed error
	wait := firstWait
	for try := range tries {
		if try > 0 {
			if err := clock.Sleep(ctx, f.Clock, wait); err != nil {
				return nil, errors.Join(failed, err)
			}
			wait *= 2
		}
		data, again, err := get(ctx, client, source)
		if err == nil {
			return data, nil
		}
		failed = fmt.Errorf("%w: %s: %w", ErrFetch, source, err)
		if !again || ctx.Err() != nil {
			break
		}
	}
	return nil, failed
}

func readFile(name string) ([]byte, error) {
	file, err := os.Open(name) //nolint:gosec // The operator names it.
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFetch, err)
	}
	defer file.Close()
	return bounded(file)
}

func bounded(in io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(in, MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFetch, err)
	}
	if len(data) > MaxSize {
		return nil, fmt.Errorf("%w: more than %d MiB", ErrFetch, MaxSize>>20)
	}
	return data, nil
}

var errPrivate = errors.New("it is an address of this host or of a private network: allow it with exchange.allow_private")

func (f *Fetcher) client() *http.Client {
	dialer := &net.Dialer{Timeout: tryTime}
	if !f.AllowPrivate {
		dialer.Control = func(_, address string, _ syscall.RawConn) error {
			at, err := netip.ParseAddrPort(address)
			if err == nil && !public(at.Addr()) {
				err = errPrivate
			}
			return err
		}
	}
	return &http.Client{
		Timeout: tryTime,
		// No proxy: what it is asked for could not be held against the addresses.
		Transport: &http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: tryTime, ForceAttemptHTTP2: true},
		CheckRedirect: func(_ *http.Request, via []*http.Request) error {
			if len(via) > redirects {
				return errors.New("it leads on and on")
			}
			return nil
		},
	}
}

// public reports whether an address is one of the whole net.
func public(a netip.Addr) bool {
	a = a.Unmap()
	shared := netip.MustParsePrefix("100.64.0.0/10") // RFC 6598.
	return a.IsGlobalUnicast() && !a.IsPrivate() && !shared.Contains(a)
}

// get asks once; again reports whether it may help to ask once more.
func get(ctx context.Context, client *http.Client, source string) (data []byte, again bool, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, source, http.NoBody)
	if err != nil {
		return nil, false, err
	}
	request.Header.Set("User-Agent", "trunkline")
	response, err := client.Do(request)
	if err != nil {
		return nil, !errors.Is(err, errPrivate), err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, response.StatusCode >= http.StatusInternalServerError || response.StatusCode == http.StatusTooManyRequests, errors.New(response.Status)
	}
	data, err = bounded(response.Body)
	return data, err != nil && !errors.Is(err, ErrFetch), err
}
