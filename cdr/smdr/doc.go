// Package smdr reads the call records of foreign systems: the SMDR lines of PBXs and the CDR files of other switches.
// What a format looks like stands in a description (YAML, folder formats); a Reader takes bytes as they come, however they
// are cut, and gives calls and the lines that it could not read. Nothing is dropped without being counted.
package smdr
