package build_test

import (
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/internal/build"
)

func TestVersionTellsCommitAndDate(t *testing.T) {
	t.Parallel()
	made := []debug.BuildSetting{
		{Key: "vcs.revision", Value: "0123456789abcdef0123456789abcdef01234567"}, {Key: "vcs.time", Value: "2026-11-30T12:00:00Z"}, {Key: "vcs.modified", Value: "true"},
	}
	for _, c := range []struct {
		info *debug.BuildInfo
		want string
	}{
		{nil, "unknown"},
		{&debug.BuildInfo{}, "(devel)"},
		{&debug.BuildInfo{Main: debug.Module{Version: "v1.2.0"}, Settings: made[:2]}, "v1.2.0 commit 0123456789ab of 2026-11-30T12:00:00Z"},
		{&debug.BuildInfo{Main: debug.Module{Version: "v1.2.0+dirty"}, Settings: made}, "v1.2.0+dirty commit 0123456789ab of 2026-11-30T12:00:00Z, changed since"},
	} {
		require.Equal(t, c.want, build.Version(c.info))
	}
}
