// Package job runs work that takes longer than somebody waits for an answer: the close of a period, large exports, large price
// lists. The work runs in the process that was asked, bounded; how far it is stands where every process sees it, and from there
// it is stopped. It is no scheduler: nothing is tried again by itself, and work whose process died is shown as interrupted.
package job
