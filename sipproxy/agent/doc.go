// Package agent plays the other ends of calls: phones that register and call, carriers that ring, refuse, keep silent
// or answer. It is built on sipgo's own user agent, so that what it says does not come from the code under test.
// The demo's traffic and the tests are made with it.
package agent
