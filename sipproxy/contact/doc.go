// Package contact says where a phone may claim to be reached, and where requests to it are really sent. A phone that may write
// any address into its Contact sends calls to a carrier, past every price and bar: the carrier trusts our address and bills us.
package contact
