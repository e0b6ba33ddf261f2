//go:build !linux

package embedded

import (
	"context"
	"log/slog"
	"syscall"
)

// identity has no meaning here: only Linux has an embedded PostgreSQL.
type identity struct{ attr func() *syscall.SysProcAttr }

func chooseIdentity(context.Context, string, bool, *slog.Logger) (identity, error) {
	return identity{}, ErrPlatform
}

func (identity) own(string) error { return ErrPlatform }

func apartAttr() *syscall.SysProcAttr { return nil }
