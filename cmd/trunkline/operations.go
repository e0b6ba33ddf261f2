package main

import (
	"context"
	"regexp"

	"trunkline/api"
	"trunkline/cdr"
)

// operations is what may be seen and done at this process's proxy.
type operations struct {
	s      *system
	secret *regexp.Regexp
}

func newOperations(s *system) *operations {
	return &operations{s, regexp.MustCompile(`(?im)^((?:Proxy-)?Authorization\s*:\s*\S+)[^\r\n]*`)}
}

// Messages implements api.Operations.
func (o *operations) Messages(call string) []api.SIPMessage {
	id, err := cdr.ParseCallID(call)
	if err != nil || o.s.proxy == nil {
		return nil
	}
	said := o.s.proxy.Said(id)
	out := make([]api.SIPMessage, len(said))
	for i := range said {
		m := &said[i]
		out[i] = api.SIPMessage{
			At: m.At, Sent: m.Sent, Transport: m.Transport, Remote: m.Remote.String(), CallID: m.CallID,
			Text: o.secret.ReplaceAllString(m.Text, "$1 (hidden)"),
		}
	}
	return out
}

// Drop implements api.Operations.
func (o *operations) Drop(ctx context.Context, call, reason string) (bool, error) {
	id, err := cdr.ParseCallID(call)
	if err != nil || o.s.proxy == nil {
		return false, nil //nolint:nilerr // What is no id names no call.
	}
	return o.s.proxy.Drop(ctx, id, reason)
}
