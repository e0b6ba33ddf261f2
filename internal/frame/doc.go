// Package frame writes and reads files of frames: records with a length and checksums, appended one after the other. Who reads a file
// that was damaged loses the frames that were hit and no others: the reader finds the next whole frame behind a damaged one.
package frame
