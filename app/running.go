package app

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

	"trunkline/internal/cause"
)

// Running is the process that runs on a data folder, as whoever can read the folder asks it.
type Running struct {
	base   string
	key    string
	client *http.Client
}

// FindRunning finds the process that runs on a data folder. Where none does, the error is marked as cause.State.
func FindRunning(data string) (*Running, error) {
	address, err := os.ReadFile(filepath.Join(data, AddressFile)) //nolint:gosec // The operator chooses the folder.
	if errors.Is(err, os.ErrNotExist) {
		return nil, cause.Mark(cause.State, fmt.Errorf("no process with pages runs on %s: start `trunkline serve`, or name its folder with --data", data))
	}
	if err != nil {
		return nil, err
	}
	key, err := os.ReadFile(filepath.Join(data, LocalKeyFile)) //nolint:gosec // The operator chooses the folder.
	if err != nil {
		return nil, err
	}
	const patience = 15 * time.Second
	return &Running{"http://" + strings.TrimSpace(string(address)), strings.TrimSpace(string(key)), &http.Client{Timeout: patience}}, nil
}

// Ask sends a request to the API and reads the answer into v, if that is not nil. What the process refuses is an error with its
// words, marked as cause.Part; one that does not answer is marked as cause.State.
func (r *Running) Ask(ctx context.Context, method, path string, v any) error {
	req, err := http.NewRequestWithContext(ctx, method, r.base+path, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+r.key)
	res, err := r.client.Do(req)
	if err != nil {
		return cause.Mark(cause.State, fmt.Errorf("the process does not answer at %s: %w", r.base, err))
	}
	defer res.Body.Close()
	const most = 64 << 20
	body := io.LimitReader(res.Body, most)
	if res.StatusCode/100 != 2 {
		var p struct{ Detail string }
		if err := json.NewDecoder(body).Decode(&p); err != nil || p.Detail == "" {
			p.Detail = res.Status
		}
		return cause.Mark(cause.Part, errors.New(p.Detail))
	}
	if v == nil {
		return nil
	}
	return json.NewDecoder(body).Decode(v)
}
