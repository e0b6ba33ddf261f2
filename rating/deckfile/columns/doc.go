// Package columns finds out what the columns of a price list hold. It weighs the headings against what stands below them and
// looks at all columns as a whole: an exact heading beats a part of one, a column whose cells do not fit is not taken, two
// columns that could be the same thing are a question, and every column that is not used is named with the reason. How the
// columns of a carrier were read is remembered by their headings, never by their positions.
package columns
