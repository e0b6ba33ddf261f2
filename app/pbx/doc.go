// Package pbx takes the call records of PBXs in: by what is provisioned, from files, uploads and lines.
package pbx
