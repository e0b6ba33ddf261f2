package sipproxy

import "trunkline/routing"

// loopMost is how many calls of one number to another that is forwarded outside may be under way, not answered. A carrier that brings a
// forwarded call back begins Max-Forwards anew, so that nothing in it tells of the loop; only that there are ever more of them does.
const loopMost = 5

// enterLoop takes a place among such calls; false: there are so many that they are one which goes round.
func (c *call) enterLoop() bool {
	if c.route.Loop == "" {
		return true
	}
	held, reason := c.sh.slots.takeAll([]routing.Capacity{{Key: c.route.Loop, Max: loopMost}})
	c.loop = held
	return reason == ""
}

// leaveLoop gives the place back: the call was answered, or is over.
func (c *call) leaveLoop() {
	c.sh.slots.release(c.loop)
	c.loop = nil
}
