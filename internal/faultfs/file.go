package faultfs

import (
	"io"
	"slices"
	"syscall"
)

// handle is an open file.
type handle struct {
	disk *Disk
	file *file
}

// ReadAt implements disk.File.
func (h *handle) ReadAt(p []byte, at int64) (int, error) {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	if at >= int64(len(h.file.data)) {
		return 0, io.EOF
	}
	n := copy(p, h.file.data[at:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// WriteAt implements disk.File.
func (h *handle) WriteAt(p []byte, at int64) (int, error) {
	d := h.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	d.writes++
	if d.broken != nil {
		return 0, d.broken
	}
	n, err := len(p), error(nil)
	if d.short >= 0 {
		n, err = min(n, d.short), errShort
		d.short = -1
	}
	if grows := at + int64(n) - int64(len(h.file.data)); d.bounded && grows > d.left {
		n, err = max(0, n-int(grows-d.left)), full()
	}
	h.put(p[:n], at)
	return n, err
}

// put is called with the lock held.
func (h *handle) put(p []byte, at int64) {
	if grows := at + int64(len(p)) - int64(len(h.file.data)); grows > 0 {
		h.disk.left -= grows
		h.file.data = append(h.file.data, make([]byte, grows)...)
	}
	copy(h.file.data[at:], p)
	if at < int64(len(h.file.last)) { // What was overwritten is not what lasts; what stands before it is.
		h.file.last = h.file.last[:at]
	}
}

// Truncate implements disk.File.
func (h *handle) Truncate(size int64) error {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	switch {
	case h.disk.broken != nil:
		return h.disk.broken
	case h.disk.torn:
		return syscall.EIO
	}
	if less := int64(len(h.file.data)) - size; less > 0 {
		h.disk.left += less
		h.file.data = h.file.data[:size]
		h.file.last = h.file.last[:min(size, int64(len(h.file.last)))]
	}
	return nil
}

// Allocate implements disk.File.
func (h *handle) Allocate(size int64) error {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	grows := size - int64(len(h.file.data))
	switch {
	case h.disk.broken != nil:
		return h.disk.broken
	case grows <= 0:
		return nil
	case h.disk.bounded && grows > h.disk.left:
		return full()
	}
	h.put(make([]byte, grows), int64(len(h.file.data)))
	return nil
}

// Sync implements disk.File.
func (h *handle) Sync() error {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	h.disk.syncs++
	switch {
	case h.disk.broken != nil:
		return h.disk.broken
	case h.disk.unsure != nil:
		h.file.lost = true
		return h.disk.unsure
	}
	if !h.disk.deaf && !h.file.lost {
		h.file.last = slices.Clone(h.file.data)
	}
	return nil
}

// Size implements disk.File.
func (h *handle) Size() (int64, error) {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	return int64(len(h.file.data)), nil
}

// Close implements disk.File.
func (h *handle) Close() error { return nil }
