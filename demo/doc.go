// Package demo is a sample operator to look at: its files, carriers and phones that speak real SIP over loopback and
// call each other at an easy pace, and a month of history. Everything it does goes the way that real calls go.
package demo
