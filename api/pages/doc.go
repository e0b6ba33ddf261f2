// Package pages shows people in a browser what the console knows and lets them do: operators, accountants, clients'
// managers, in Russian, English and German. It holds no rule of the business and decides about no permission; it asks the
// console as the one who is signed in.
package pages
