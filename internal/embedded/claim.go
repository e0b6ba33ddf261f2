package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// claimLimit is how long the processes of an earlier run, which are told to end when their parent dies, may take.
const claimLimit = 30 * time.Second

// pollEvery is the pause between two looks at something that other processes change.
const pollEvery = 20 * time.Millisecond

// claim waits for the lock of an engine's own folder. Every process of the engine inherits the lock, so it is free
// only when the last of them is gone; after a kill of the program the engine's processes may live some moments longer.
func claim(ctx context.Context, dir string) (*os.File, error) {
	ctx, cancel := context.WithTimeout(ctx, claimLimit)
	defer cancel()
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the path is made of the data folder's
	if err != nil {
		return nil, notWritable(dir, err)
	}
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		free, err := tryLock(lock)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("lock %s: %w", lock.Name(), err), lock.Close())
		}
		if free {
			return lock, nil
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("%w: an engine of an earlier run, process %s, still runs in %s; end it with: kill -QUIT %s",
				ErrLocked, holder(lock.Name()), dir, holder(lock.Name())), lock.Close())
		case <-tick.C:
		}
	}
}
