// Package config is the configuration of a process: defaults, a file, the environment, and what is checked of them.
package config
