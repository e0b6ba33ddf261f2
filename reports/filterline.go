package reports

import (
	"fmt"
	"strings"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// The grammar of filter lines:
//
//	line   = either { "or" either }
//	either = term { [ "and" ] term }
//	term   = [ "!" | "not" ] ( "(" line ")" | [ field op ] values )
//	op     = ":" | "=" | "!=" | "<" | "<=" | ">" | ">="
//	values = value { "," value }
//	value  = word | word ".." word | quoted text
type lineNode struct {
	Either []*allNode `parser:"@@ ( 'or' @@ )*"`
}

type allNode struct {
	Terms []*termNode `parser:"@@ ( 'and'? @@ )*"`
}

type termNode struct {
	Not    bool        `parser:"@( '!' | 'not' )?"`
	Group  *lineNode   `parser:"( '(' @@ ')'"`
	Field  string      `parser:"| ( @Word"`
	Op     string      `parser:"    @( '!=' | '<=' | '>=' | ':' | '=' | '<' | '>' ) )?"`
	Values []valueNode `parser:"  @@ ( ',' @@ )* )"`
}

type valueNode struct {
	Quoted *string `parser:"  @Quoted"`
	Low    string  `parser:"| @Word"`
	High   string  `parser:"  ( '..' @Word )?"`
}

// parser is built for every line: it takes microseconds, and there are no global variables.
func parser() (*participle.Parser[lineNode], error) {
	words, err := lexer.NewSimple([]lexer.SimpleRule{
		{Name: "Space", Pattern: `[ \t\r\n]+`},
		{Name: "Quoted", Pattern: `"[^"]*"`},
		{Name: "Op", Pattern: `\.\.|!=|<=|>=|[:=<>!(),]`},
		{Name: "Keyword", Pattern: `(or|and|not)\b`},
		{Name: "Word", Pattern: `[0-9]+:[0-9]{2}\b|([^\s"!=<>(),:.]|\.[^\s"!=<>(),:.])+`},
	})
	if err != nil {
		return nil, err
	}
	return participle.Build[lineNode](participle.Lexer(words), participle.Elide("Space"), participle.UseLookahead(2))
}

// parseLine reads a line into its tree; a line of blanks is nil.
func parseLine(line string) (*lineNode, error) {
	if strings.TrimSpace(line) == "" {
		return nil, nil //nolint:nilnil // No line, no tree.
	}
	if n := strings.Count(line, "("); n > maxTerms {
		return nil, fmt.Errorf("more than %d brackets", maxTerms)
	}
	p, err := parser()
	if err != nil {
		return nil, err
	}
	tree, err := p.ParseString("", line)
	if err != nil {
		return nil, placed(err)
	}
	return tree, nil
}

// placed tells where a line stops making sense.
func placed(err error) error {
	if e, ok := err.(participle.Error); ok { //nolint:errorlint // The parser returns its error bare.
		return fmt.Errorf("at character %d: %s; want for example: to:7495%% duration>60 !branch:moscow", e.Position().Column, e.Message())
	}
	return err
}

func (n *lineNode) expr() (Expr, error) {
	return joined(n.Either, (*allNode).expr, func(list []Expr) Expr { return Expr{Any: list} })
}

func (n *allNode) expr() (Expr, error) {
	return joined(n.Terms, (*termNode).expr, func(list []Expr) Expr { return Expr{All: list} })
}

// joined makes an expression of several; one alone stays itself.
func joined[T any](nodes []*T, each func(*T) (Expr, error), join func([]Expr) Expr) (Expr, error) {
	if len(nodes) > maxTerms {
		return Expr{}, fmt.Errorf("more than %d parts", maxTerms)
	}
	list := make([]Expr, 0, len(nodes))
	for _, n := range nodes {
		e, err := each(n)
		if err != nil {
			return Expr{}, err
		}
		list = append(list, e)
	}
	if len(list) == 1 {
		return list[0], nil
	}
	return join(list), nil
}

func (n *termNode) expr() (Expr, error) {
	e, err := n.positive()
	if err != nil || n.Not == (n.Op == "!=") {
		return e, err
	}
	return Expr{Not: &e}, nil
}

func (n *termNode) positive() (Expr, error) {
	if n.Group != nil {
		return n.Group.expr()
	}
	m := Match{Field: FieldAnyNumber, Operator: Is}
	if n.Op == "<" || n.Op == "<=" || n.Op == ">" || n.Op == ">=" {
		m.Operator = Operator(n.Op)
	}
	t := fieldTraits()[0]
	if n.Field != "" {
		var ok bool
		if t, ok = traitsOf(strings.ToLower(n.Field)); !ok {
			return Expr{}, fmt.Errorf("there is no field %q: want one of %s", n.Field, fieldNames())
		}
		m.Field = t.field
	}
	if len(n.Values) > maxTerms {
		return Expr{}, fmt.Errorf("more than %d values", maxTerms)
	}
	for _, v := range n.Values {
		value, err := t.value(v, m.Operator)
		if err != nil {
			return Expr{}, fmt.Errorf("%s: %w", t.field, err)
		}
		m.Values = append(m.Values, value)
	}
	if m.Operator != Is && len(m.Values) > 1 {
		return Expr{}, fmt.Errorf("%s %s: want one value", t.field, m.Operator)
	}
	return Expr{Match: &m}, nil
}

func fieldNames() string {
	var names []string
	for _, t := range fieldTraits() {
		names = append(names, string(t.field))
	}
	return strings.Join(names, ", ")
}
