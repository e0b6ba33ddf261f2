// Package traffic reckons the traffic of trunk groups from the legs that they carried (ITU-T E.600, E.500): how many erlangs, in which
// hour most, how many lines were busy at once, how long all of them were, what was lost then, and how many lines would do.
//
// A line is occupied from the seizure to the release, ringing included. Occupancy is exact: a sweep over seizures and releases, which
// holds the calls in progress and sums of quarters of an hour, never the calls of the period.
package traffic
