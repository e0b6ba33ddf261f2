package kafka_test

import (
	"context"
	"encoding/binary"
	"log/slog"
	"testing"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/cdr/kafka"
	"trunkline/internal/embedded/enginetest"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

func config(tb testing.TB) kafka.Config {
	tb.Helper()
	return kafka.Config{Brokers: enginetest.Kafka(tb), Log: slog.New(slog.DiscardHandler)}
}

func topic(tb testing.TB, c kafka.Config, parts int) string {
	tb.Helper()
	name := enginetest.Name(tb)
	require.NoError(tb, kafka.EnsureTopics(tb.Context(), c, kafka.Topic{Name: name, Parts: parts}))
	return name
}

func send(tb testing.TB, c kafka.Config, topic string, to int) {
	tb.Helper()
	p := kafka.NewProducer(c, topic)
	require.NoError(tb, p.Send(tb.Context(), numbered(0, to)))
	require.NoError(tb, p.Close())
}

// sendAgain sends until the broker has taken it, as the spool does: a connection from before a restart is only found dead
// when something is sent on it.
func sendAgain(tb testing.TB, c kafka.Config, topic string, from, to int) {
	tb.Helper()
	p := kafka.NewProducer(c, topic)
	require.Eventually(tb, func() bool { return p.Send(tb.Context(), numbered(from, to)) == nil }, 30*time.Second, 100*time.Millisecond)
	require.NoError(tb, p.Close())
}

func numbered(from, to int) []cdr.Envelope {
	var legs []cdr.Envelope
	for i := from; i < to; i++ {
		e := cdr.Envelope{Value: []byte{byte(i)}}
		binary.BigEndian.PutUint64(e.Key[:], uint64(i/2))
		legs = append(legs, e)
	}
	return legs
}

func consumer(tb testing.TB, c kafka.Config, topic string) *kafka.Consumer {
	tb.Helper()
	r, err := kafka.NewConsumer(c, topic, "readers of "+topic, kafka.Take{Linger: 10 * time.Millisecond})
	require.NoError(tb, err)
	return r
}

func limited(tb testing.TB) context.Context {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), time.Minute)
	tb.Cleanup(cancel)
	return ctx
}

func fetch(tb testing.TB, r *kafka.Consumer, n int) []cdr.Message {
	tb.Helper()
	var all []cdr.Message
	for len(all) < n {
		m, err := r.Fetch(limited(tb))
		require.NoError(tb, err)
		all = append(all, m...)
	}
	return all
}

func TestTopicsAreMadeOnce(t *testing.T) {
	c := config(t)
	name := topic(t, c, 3)
	require.NoError(t, kafka.EnsureTopics(t.Context(), c, kafka.Topic{Name: name, Parts: 3}))
	require.ErrorIs(t, kafka.EnsureTopics(t.Context(), c, kafka.Topic{Name: name, Parts: 4}), kafka.ErrParts)
	require.NoError(t, kafka.Ping(t.Context(), c))
}

func TestReadFromTheMark(t *testing.T) {
	c := config(t)
	name := topic(t, c, 2)
	send(t, c, name, 40)
	ends, err := kafka.Ends(t.Context(), c, name)
	require.NoError(t, err)
	require.Equal(t, int64(40), ends[0]+ends[1])

	r := consumer(t, c, name)
	parts, err := r.Join(limited(t))
	require.NoError(t, err)
	require.Equal(t, []int{0, 1}, parts)
	require.NoError(t, r.Start(t.Context(), []cdr.Mark{{Part: 0, Next: 3}, {Part: 1, Next: 0}}))
	got := fetch(t, r, 37)
	next := map[int]int64{0: 3, 1: 0}
	for _, m := range got {
		require.Equal(t, next[m.Part], m.Offset)
		next[m.Part]++
	}
	require.NoError(t, r.Commit([]cdr.Mark{{Part: 0, Next: next[0]}, {Part: 1, Next: next[1]}}))
	require.NoError(t, r.Leave())

	r = consumer(t, c, name)
	_, err = r.Join(limited(t))
	require.NoError(t, err)
	fit, breaks, err := r.Check(t.Context(), []cdr.Mark{{Part: 0, Next: 0}, {Part: 1, Next: 1000}})
	require.NoError(t, err)
	require.Len(t, fit, 1)
	require.Len(t, breaks, 1, "a mark beyond the end")
	require.Equal(t, cdr.BreakBack, breaks[0].Kind)
	require.NoError(t, r.Start(t.Context(), []cdr.Mark{fit[0], breaks[0].Now}))
	require.Len(t, fetch(t, r, 40), 40)
	require.NoError(t, r.Leave())
}

// TestMarksKnowTheirTopic makes a topic anew, and longer than the one that was read: by its name and its length it would be taken
// for the same.
func TestMarksKnowTheirTopic(t *testing.T) {
	c := config(t)
	name := topic(t, c, 1)
	send(t, c, name, 10)
	check := func(m cdr.Mark) (cdr.Mark, *cdr.Break) {
		fit, breaks, err := kafka.Check(t.Context(), c, name, []cdr.Mark{m})
		require.NoError(t, err)
		if len(breaks) > 0 {
			return cdr.Mark{}, &breaks[0]
		}
		return fit[0], nil
	}
	mark, broken := check(cdr.Mark{Next: 7})
	require.Nil(t, broken)
	require.NotEmpty(t, mark.Topic, "what was not known of it is filled in")
	require.NoError(t, kafka.Again{Config: c}.Each(t.Context(), name, 0, 6, 7, func(m cdr.Message) error { mark.Last = m.Fingerprint(); return nil }))
	_, broken = check(mark)
	require.Nil(t, broken)
	other := mark
	other.Last++
	_, broken = check(other)
	require.Equal(t, cdr.BreakBack, broken.Kind, "the same topic with another message at this place")
	require.Equal(t, int64(0), broken.Now.Next)

	transport := &kafkago.Transport{}
	defer transport.CloseIdleConnections()
	client := &kafkago.Client{Addr: kafkago.TCP(c.Brokers...), Timeout: time.Minute, Transport: transport}
	_, err := client.DeleteTopics(t.Context(), &kafkago.DeleteTopicsRequest{Topics: []string{name}})
	require.NoError(t, err)
	require.NoError(t, kafka.EnsureTopics(t.Context(), c, kafka.Topic{Name: name, Parts: 1}))
	sendAgain(t, c, name, 10, 40)
	_, broken = check(mark)
	require.Equal(t, cdr.BreakTopic, broken.Kind)
	require.Equal(t, int64(0), broken.Now.Next)
	require.NotEqual(t, mark.Topic, broken.Now.Topic)
}

// TestPartsAreShared lets a second reader come and go: the first one is told, and goes on with what it is left with.
func TestPartsAreShared(t *testing.T) {
	c := config(t)
	name := topic(t, c, 2)
	first := consumer(t, c, name)
	parts, err := first.Join(limited(t))
	require.NoError(t, err)
	require.Len(t, parts, 2)
	require.NoError(t, first.Start(t.Context(), []cdr.Mark{{Part: 0}, {Part: 1}}))

	second := consumer(t, c, name)
	joined := make(chan []int)
	go func() {
		parts, err := second.Join(context.WithoutCancel(t.Context()))
		if err != nil {
			t.Error(err)
		}
		joined <- parts
	}()
	_, err = first.Fetch(limited(t))
	require.ErrorIs(t, err, cdr.ErrRevoked)
	parts, err = first.Join(limited(t))
	require.NoError(t, err)
	others := <-joined
	require.Len(t, parts, 1)
	require.Len(t, others, 1)
	require.NotEqual(t, parts, others)
	require.NoError(t, first.Start(t.Context(), []cdr.Mark{{Part: parts[0]}}))
	require.NoError(t, second.Start(t.Context(), []cdr.Mark{{Part: others[0]}}))
	send(t, c, name, 40)
	require.NotEmpty(t, fetch(t, first, 1))
	require.NotEmpty(t, fetch(t, second, 1))
	require.NoError(t, second.Leave())
	require.NoError(t, first.Leave())
}

func TestBrokerRestarts(t *testing.T) {
	c := config(t)
	name := topic(t, c, 1)
	send(t, c, name, 10)
	r := consumer(t, c, name)
	_, err := r.Join(limited(t))
	require.NoError(t, err)
	require.NoError(t, r.Start(t.Context(), []cdr.Mark{{Part: 0}}))
	require.Len(t, fetch(t, r, 10), 10)
	enginetest.RestartKafka(t)
	sendAgain(t, c, name, 10, 20)
	next := int64(10)
	for next < 20 {
		got, err := r.Fetch(limited(t))
		if err != nil {
			require.ErrorIs(t, err, cdr.ErrRevoked)
			_, err = r.Join(limited(t))
			require.NoError(t, err)
			require.NoError(t, r.Start(t.Context(), []cdr.Mark{{Part: 0, Next: next}}))
			continue
		}
		for _, m := range got {
			require.Equal(t, next, m.Offset)
			next++
		}
	}
	require.NoError(t, r.Leave())
}
