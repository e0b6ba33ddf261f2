// Package routing decides where one call goes: who calls, what the dialled digits mean, whether the call is allowed, what
// number the called party sees, and which phones, trunks and gateways are tried in what order. It reads what is
// provisioned and asks lcr for gateways; it keeps no state of calls and sends nothing.
package routing
