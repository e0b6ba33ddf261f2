package pages

import "encoding/json"

// chart is what ECharts draws. Only what the pages use is here.
type chart struct {
	Tooltip   *tooltip   `json:"tooltip,omitempty"`
	Legend    *legend    `json:"legend,omitempty"`
	XAxis     *axis      `json:"xAxis,omitempty"`
	YAxis     *axis      `json:"yAxis,omitempty"`
	VisualMap *visualMap `json:"visualMap,omitempty"`
	Series    []series   `json:"series"`
}

type tooltip struct {
	Trigger string `json:"trigger,omitempty"` // axis or item.
}

type legend struct {
	Top  string `json:"top,omitempty"`
	Type string `json:"type,omitempty"`
}

type axis struct {
	Type    string   `json:"type"` // category or value.
	Data    []string `json:"data,omitempty"`
	Inverse bool     `json:"inverse,omitempty"`
}

type visualMap struct {
	Min        int64  `json:"min"`
	Max        int64  `json:"max"`
	Calculable bool   `json:"calculable"`
	Orient     string `json:"orient,omitempty"`
	Left       string `json:"left,omitempty"`
	Bottom     string `json:"bottom,omitempty"`
}

// series is one curve, or the bars or points of one kind. A value is a number, or a decimal of an amount, written as it is:
// nothing is reckoned with it any more.
type series struct {
	Name   string            `json:"name,omitempty"`
	Type   string            `json:"type"` // line, bar, pie, heatmap or map.
	Stack  string            `json:"stack,omitempty"`
	Smooth bool              `json:"smooth,omitempty"`
	Line   *line             `json:"lineStyle,omitempty"`
	Radius []string          `json:"radius,omitempty"`
	Map    string            `json:"map,omitempty"`
	Data   []json.RawMessage `json:"data"`
}

type line struct {
	Type string `json:"type,omitempty"`
}

// add adds a whole number.
func (s *series) add(n int64) { s.put(n) }

// put adds a value of any shape that JSON has.
func (s *series) put(v any) {
	text, err := json.Marshal(v)
	if err != nil {
		text = []byte("null")
	}
	s.Data = append(s.Data, text)
}
