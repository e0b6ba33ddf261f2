// Package parquet writes Arrow batches as Parquet files and reads them back: the types that exports and archives have, no nested ones. It is
// made of the library's own writers and readers of columns, without its bridge to Arrow, which brings all of Arrow's kernels of computation and
// gRPC into the program.
package parquet
