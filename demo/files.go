package demo

import (
	"embed"
	"io/fs"
)

//go:embed operator.yaml billing.yaml decks/*.csv tariffs/*
var files embed.FS

// OperatorFile is the name of the operator's file in Files.
const OperatorFile = "operator.yaml"

// BillingFile is the name, in Files, of how its clients are invoiced.
const BillingFile = "billing.yaml"

// Files returns the operator's file with the decks and tariffs beside it.
func Files() fs.FS { return files }

// Realm is the SIP domain of the demo's phones.
const Realm = "pbx.demo"

// Password is the password of an extension's phone.
func Password(extension string) string { return "demo-" + extension }
