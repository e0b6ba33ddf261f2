package app

import (
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMemoryHere reads what the machine has and what its control groups leave of it.
func TestMemoryHere(t *testing.T) {
	t.Parallel()
	const machine = "MemTotal:       16384000 kB\nMemFree:  100 kB\n"
	for name, c := range map[string]struct {
		files map[string]string
		want  int64
	}{
		"a machine":              {map[string]string{"/proc/meminfo": machine}, 16384000 << 10},
		"a group without a word": {map[string]string{"/proc/meminfo": machine, "/sys/fs/cgroup/memory.max": "max\n"}, 16384000 << 10},
		"a container":            {map[string]string{"/proc/meminfo": machine, "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.max": "536870912\n"}, 512 << 20},
		"a unit": {map[string]string{
			"/proc/meminfo": machine, "/proc/self/cgroup": "0::/system.slice/trunkline.service\n",
			"/sys/fs/cgroup/system.slice/trunkline.service/memory.max": "1073741824\n",
		}, 1 << 30},
		"version 1":          {map[string]string{"/proc/meminfo": machine, "/sys/fs/cgroup/memory/memory.limit_in_bytes": "268435456\n"}, 256 << 20},
		"version 1 unbound":  {map[string]string{"/proc/meminfo": machine, "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"}, 16384000 << 10},
		"nothing to be read": {nil, 0},
		"nonsense":           {map[string]string{"/proc/meminfo": "MemTotal: much\n"}, 0},
	} {
		got := memoryHere(func(path string) ([]byte, error) {
			if text, ok := c.files[path]; ok {
				return []byte(text), nil
			}
			return nil, fs.ErrNotExist
		})
		require.Equal(t, c.want, got, name)
	}
	require.Equal(t, int64(7), memoryLimit(7), "what the operator says goes before")
}
