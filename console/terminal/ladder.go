package terminal

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"trunkline/console"
)

const (
	ladderColumn = 36 // From one lifeline to the next.
	ladderTime   = 10
)

// Ladder draws the messages between us and the others. We stand at the left of everybody but the caller, who comes first.
func Ladder(out io.Writer, said []console.SIPMessage) {
	others := ladderOthers(said)
	names := append([]string{others[0], "trunkline"}, others[1:]...)
	var b strings.Builder
	b.WriteString(strings.Repeat(" ", ladderTime))
	for _, name := range names {
		fmt.Fprintf(&b, "%-*s", ladderColumn, name)
	}
	lines := []string{strings.TrimRight(b.String(), " ")}
	for i := range said {
		m := &said[i]
		at := slices.Index(others, m.Remote)
		if at > 0 {
			at++ // We stand between the first and the others.
		}
		from, to := at, 1
		if m.Sent {
			from, to = 1, at
		}
		lines = append(lines, fmt.Sprintf("%*.3f ", ladderTime-1, m.At.Sub(said[0].At).Seconds())+ladderLine(len(names), from, to, firstLine(m.Text)))
	}
	_, _ = io.WriteString(out, strings.Join(lines, "\n")+"\n") // The command's output.
}

// ladderOthers are the addresses that we spoke with, in the order of their appearance.
func ladderOthers(said []console.SIPMessage) []string {
	var out []string
	for i := range said {
		if !slices.Contains(out, said[i].Remote) {
			out = append(out, said[i].Remote)
		}
	}
	return out
}

// ladderLine draws an arrow with a label from one lifeline to another.
func ladderLine(lifelines, from, to int, label string) string {
	line := []rune(strings.Repeat(" ", (lifelines-1)*ladderColumn+1))
	for i := range lifelines {
		line[i*ladderColumn] = '|'
	}
	left, right := min(from, to)*ladderColumn+1, max(from, to)*ladderColumn-1
	for i := left; i <= right; i++ {
		line[i] = '-'
	}
	if from < to {
		line[right] = '>'
	} else {
		line[left] = '<'
	}
	text := []rune(" " + label + " ")
	if room := right - left - 3; len(text) > room {
		text = append(text[:room-1], '.')
	}
	copy(line[left+(right-left-len(text))/2+1:], text)
	return string(line)
}

// firstLine is a message in short: the method and the user that is called, or status and phrase, with what is in the body.
func firstLine(text string) string {
	line, rest, _ := strings.Cut(text, "\r\n")
	label := line
	if status, ok := strings.CutPrefix(line, "SIP/2.0 "); ok {
		label = status
	} else if method, uri, ok := strings.Cut(line, " "); ok {
		user, _, found := strings.Cut(uri, "@")
		_, user, _ = strings.Cut(user, ":")
		label = method
		if found && method == "INVITE" {
			label += " " + user
		}
	}
	if strings.Contains(strings.ToLower(rest), "content-type: application/sdp") {
		label += " (SDP)"
	}
	return label
}

// Messages prints SIP messages whole.
func Messages(out io.Writer, said []console.SIPMessage) {
	for i := range said {
		m := &said[i]
		way := "from"
		if m.Sent {
			way = "to"
		}
		fmt.Fprintf(out, "\n--- %s %s %s %s\n%s\n", m.At.Format(time.RFC3339Nano), way, m.Transport, m.Remote, strings.TrimRight(m.Text, "\r\n"))
	}
}
