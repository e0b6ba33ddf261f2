package deckfile

import (
	"trunkline/rating/deckfile/cell"
	"trunkline/rating/deckfile/columns"
	"trunkline/rating/deckfile/sheet"
)

// What the rooms of this package are called from outside.
type (
	// Column is what a column of a price list holds.
	Column = columns.Column
	// Mapping says how a list is to be read.
	Mapping = columns.Mapping
	// Answers are what somebody says about a list.
	Answers = columns.Answers
	// AnswerName is one thing that can be said.
	AnswerName = columns.AnswerName
	// Reading is how a list was understood.
	Reading = columns.Reading
	// Seen is one column of a list, and what became of it.
	Seen = columns.Seen
	// Question is what a list leaves open.
	Question = columns.Question
	// QuestionError is the error of a list that nobody may read without an answer.
	QuestionError = columns.QuestionError
	// DateOrder says what 01/02/2026 means.
	DateOrder = cell.Order
)

// The columns and the orders of dates.
const (
	Prefix        = columns.Prefix
	Area          = columns.Area
	CodeTo        = columns.CodeTo
	Destination   = columns.Destination
	Network       = columns.Network
	Rate          = columns.Rate
	FirstRate     = columns.FirstRate
	ConnectFee    = columns.ConnectFee
	AttemptFee    = columns.AttemptFee
	MinCharge     = columns.MinCharge
	Initial       = columns.Initial
	Next          = columns.Next
	Increment     = columns.Increment
	Grace         = columns.Grace
	EffectiveFrom = columns.EffectiveFrom
	EffectiveTo   = columns.EffectiveTo
	Currency      = columns.Currency
	Origin        = columns.Origin
	Period        = columns.Period
	Status        = columns.Status
	Blocked       = columns.Blocked
	Category      = columns.Category

	DayFirst   = cell.DayFirst
	MonthFirst = cell.MonthFirst
)

// Errors of a file that cannot be read at all, and of one whose columns cannot be made out.
var (
	ErrFile    = sheet.ErrFile
	ErrMapping = columns.ErrMapping
)

// Columns returns all columns in the order in which people think of them.
func Columns() []Column { return columns.All() }

// AnswerNames returns what can be said about a list, by the names that commands, the API and pages have in common.
func AnswerNames() []AnswerName { return columns.AnswerNames() }
