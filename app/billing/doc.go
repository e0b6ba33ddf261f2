// Package billing closes periods and gives out documents: it joins the rules of reports/invoice with the stores.
package billing
