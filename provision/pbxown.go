package provision

import "trunkline/internal/e164"

// OwnExtension returns the extension of a tenant that a PBX recorded, if it is one: a mapping of the PBX names it, or it is an
// extension of the tenant.
func (s *Snapshot) OwnExtension(tenant string, p *PBX, recorded string) (string, bool) {
	for i := range p.Extensions {
		if matchRecorded(p.Extensions[i].Number, recorded) {
			return recorded, true
		}
	}
	_, ok := s.extensions[extensionKey{tenant, recorded}]
	return recorded, ok
}

// OwnNumber reports whether a number is a tenant's, by its list of numbers or as that of a trunk of a PBX, and says whose
// extension it is; empty when it is nobody's.
func (s *Snapshot) OwnNumber(tenant string, p *PBX, n e164.Number) (extension string, ok bool) {
	if n.IsZero() {
		return "", false
	}
	if own, ok := s.numbers[n]; ok && own.Tenant.ID == tenant {
		return own.Number.Extension, true
	}
	for i := range p.Trunks {
		if p.Trunks[i].Number == n {
			return "", true
		}
	}
	return "", false
}

// Numbered reports whether the numbers of a tenant are known that calls of a PBX can come in by.
func (t *Tenant) Numbered(p *PBX) bool {
	for i := range p.Trunks {
		if !p.Trunks[i].Number.IsZero() {
			return true
		}
	}
	return len(t.Numbers) > 0
}
