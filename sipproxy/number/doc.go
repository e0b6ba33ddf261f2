// Package number reads telephone numbers out of URIs as the world writes them: SIP and tel URIs (RFC 3261, RFC 3966), with escapes,
// with the parameters of number portability (RFC 4694), and local ones with the context that they are valid in.
package number
