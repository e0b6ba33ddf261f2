package app

import (
	"bytes"
	"os"
	"strconv"
)

// memoryLimit is how many bytes the process may have, as the operator says; 0: half of what is there, as engines and the kernel want
// theirs. 0: what is there is not known, and nothing is limited.
func memoryLimit(configured int64) int64 {
	if configured > 0 {
		return configured
	}
	return memoryHere(os.ReadFile) / 2
}

// memoryHere is the memory of the machine, or of the control group that the process is in, if that has less (proc(5), cgroups(7));
// 0: it is not known.
func memoryHere(read func(string) ([]byte, error)) int64 {
	here := memoryOfMachine(read)
	group := "/"
	if text, err := read("/proc/self/cgroup"); err == nil {
		if _, path, ok := bytes.Cut(text, []byte("0::")); ok { // The one of version 2.
			path, _, _ = bytes.Cut(path, []byte("\n"))
			group = string(path)
		}
	}
	for _, file := range []string{
		"/sys/fs/cgroup" + group + "/memory.max", "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes",
	} {
		text, err := read(file)
		if err != nil {
			continue
		}
		if n, err := strconv.ParseInt(string(bytes.TrimSpace(text)), 10, 64); err == nil && n > 0 && (here == 0 || n < here) { // "max" is none.
			here = n
		}
	}
	return here
}

func memoryOfMachine(read func(string) ([]byte, error)) int64 {
	text, err := read("/proc/meminfo")
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(text, []byte("MemTotal:"))
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	fields := bytes.Fields(line)
	if len(fields) == 0 {
		return 0
	}
	kilobytes, err := strconv.ParseInt(string(fields[0]), 10, 64)
	if err != nil {
		return 0
	}
	return kilobytes << 10
}
