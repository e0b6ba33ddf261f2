package embedded

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// KafkaOptions says how to run the broker. The zero value is good.
type KafkaOptions struct {
	// Port is the port on 127.0.0.1; 0 takes a free one at first and keeps it.
	Port int
	// Log gets the messages of the broker; nil drops them.
	Log *slog.Logger
}

// Kafka is a running broker of one node. Every batch is on disk before it is acknowledged. Topics are made by its
// clients over the protocol; asking for an unknown topic makes none.
type Kafka struct {
	cluster *kfake.Cluster
	address string

	mu    sync.Mutex
	state State
}

// StartKafka starts the broker in this process, on the log it finds in the folder, and returns when it answers.
// ctx limits the start only.
func StartKafka(ctx context.Context, folder *Folder, opts KafkaOptions) (*Kafka, error) {
	dir, err := folder.room("kafka")
	if err != nil {
		return nil, err
	}
	log := cmp.Or(opts.Log, slog.New(slog.DiscardHandler))
	cluster, address, err := openCluster(ctx, dir, opts.Port, log)
	if err != nil {
		return nil, fmt.Errorf("start kafka in %s: %w", dir, err)
	}
	if err := pingKafka(ctx, address); err != nil {
		cluster.Close()
		return nil, fmt.Errorf("%w: kafka on %s: %w", ErrNotReady, address, err)
	}
	return &Kafka{cluster: cluster, address: address, state: StateReady}, nil
}

// openCluster tries another port when a remembered or free one was taken at the last moment.
func openCluster(ctx context.Context, dir string, configured int, log *slog.Logger) (*kfake.Cluster, string, error) {
	var failed error
	for range startTries {
		port, err := choosePort(ctx, filepath.Join(dir, "port"), configured, "TRUNKLINE_KAFKA_PORT")
		if err != nil {
			return nil, "", errors.Join(err, failed)
		}
		cluster, err := kfake.NewCluster(
			kfake.NumBrokers(1), kfake.Ports(port), kfake.ClusterID("trunkline"),
			kfake.DataDir(filepath.Join(dir, "data")), kfake.SyncWrites(),
			kfake.DefaultNumPartitions(1), kfake.WithLogger(kafkaLog{log: log}))
		if err == nil {
			return cluster, hostPort(port), nil
		}
		if failed = err; !errors.Is(err, syscall.EADDRINUSE) && portFree(ctx, port) {
			break // It is something else.
		}
	}
	return nil, "", failed
}

func pingKafka(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	client, err := kgo.NewClient(kgo.SeedBrokers(address))
	if err != nil {
		return err
	}
	defer client.Close()
	return client.Ping(ctx)
}

// Addrs returns the addresses to start from, host:port.
func (k *Kafka) Addrs() []string { return []string{k.address} }

// Health returns what the broker is doing. It lives and dies with this process, so there are no restarts.
func (k *Kafka) Health() Health {
	k.mu.Lock()
	defer k.mu.Unlock()
	return Health{Name: "kafka", State: k.state, Address: k.address, PID: os.Getpid()}
}

// Stop writes the broker's state to disk and closes it. When ctx ends first it returns an error and the broker goes
// on closing; nothing that was acknowledged is lost by that. It may be called again.
func (k *Kafka) Stop(ctx context.Context) error {
	k.mu.Lock()
	k.state = StateStopped
	k.mu.Unlock()
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		k.cluster.Close()
	}()
	select {
	case <-closed:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("kafka did not stop in time: %w", context.Cause(ctx))
	}
}

// kafkaLog hands the broker's messages to slog.
type kafkaLog struct{ log *slog.Logger }

// Logf implements kfake.Logger. A fake cluster warns about every refused request, which is its client's business.
func (l kafkaLog) Logf(level kfake.LogLevel, format string, args ...any) {
	to := slog.LevelDebug
	if level == kfake.LogLevelError {
		to = slog.LevelError
	}
	if !l.log.Enabled(context.Background(), to) {
		return
	}
	l.log.Log(context.Background(), to, "engine output", "engine", "kafka", "line", fmt.Sprintf(format, args...))
}
