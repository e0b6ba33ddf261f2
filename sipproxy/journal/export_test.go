package journal

// Kill ends a journal as the death of its process does: nothing is written any more.
func (j *Journal) Kill() {
	j.stop()
	j.done.Wait()
	j.mu.Lock()
	defer j.mu.Unlock()
	j.closed = true
}
