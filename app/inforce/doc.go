// Package inforce keeps the provisioning in force equal to what is stored, and plans what applying a file would change.
package inforce
