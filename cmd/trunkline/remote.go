package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"trunkline/app"
)

// remote is the running process that a command asks.
type remote struct {
	base   string
	key    string
	client *http.Client
}

// newRemote finds the process that runs on the data folder.
func (f *configFlags) newRemote() (*remote, error) {
	c, err := f.load()
	if err != nil {
		return nil, err
	}
	address, err := os.ReadFile(filepath.Join(c.Data, app.AddressFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, withCode(exitConflict, fmt.Errorf("no process with pages runs on %s: start `trunkline serve`, or name its folder with --data", c.Data))
	}
	if err != nil {
		return nil, err
	}
	key, err := os.ReadFile(filepath.Join(c.Data, app.LocalKeyFile))
	if err != nil {
		return nil, err
	}
	return &remote{"http://" + strings.TrimSpace(string(address)), strings.TrimSpace(string(key)), &http.Client{Timeout: 15 * time.Second}}, nil
}

// ask sends a request and reads the answer into v, if that is not nil. What the process refuses is an error with its words.
func (r *remote) ask(ctx context.Context, method, path string, v any) error {
	req, err := http.NewRequestWithContext(ctx, method, r.base+path, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+r.key)
	res, err := r.client.Do(req)
	if err != nil {
		return withCode(exitConflict, fmt.Errorf("the process does not answer at %s: %w", r.base, err))
	}
	defer res.Body.Close()
	const most = 64 << 20
	body := io.LimitReader(res.Body, most)
	if res.StatusCode/100 != 2 {
		var p struct{ Detail string }
		if err := json.NewDecoder(body).Decode(&p); err != nil || p.Detail == "" {
			p.Detail = res.Status
		}
		return withCode(exitPartial, errors.New(p.Detail))
	}
	if v == nil {
		return nil
	}
	return json.NewDecoder(body).Decode(v)
}
