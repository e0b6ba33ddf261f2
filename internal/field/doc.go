// Package field says what the fields of structs are: open to the operator's people, shown to a client's own people, a price, a secret,
// somebody's telephone number. The word stands in a tag where the field is declared, and whoever shows, stores or describes a value
// reads it from there. The package knows no role and no permission: those who show things say what of each class they show.
package field
