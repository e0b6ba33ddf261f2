// Package importer brings the calls that PBXs and other switches recorded into the system, remembers which reading brought
// which call, and takes a reading back or reads it anew.
package importer
