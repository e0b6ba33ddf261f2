package provision

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// ImportSettings returns, as a JSON object, all that decides how the records of a PBX are read and whose its calls are, by the keys
// of the operator's file: what it says is compared with what was in force when records were imported.
func (s *Snapshot) ImportSettings(tenant string, p *PBX) (json.RawMessage, error) {
	text, err := yaml.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("settings of PBX %s: %w", p.ID, err)
	}
	keys := make(map[string]any)
	if err := yaml.Unmarshal(text, &keys); err != nil {
		return nil, fmt.Errorf("settings of PBX %s: %w", p.ID, err)
	}
	for _, k := range []string{"id", "name", "source"} {
		delete(keys, k)
	}
	if trunks, ok := keys["trunks"].([]any); ok { // How lines are counted together is nothing of how records are read.
		for _, t := range trunks {
			if one, ok := t.(map[string]any); ok {
				delete(one, "group")
				delete(one, "lines")
			}
		}
	}
	if len(p.Description) > 0 {
		sum := sha256.Sum256(p.Description)
		keys["format"] = p.Format + " " + hex.EncodeToString(sum[:8])
	}
	if t, ok := s.tenants[tenant]; ok {
		if _, own := keys["time_zone"]; !own {
			keys["time_zone"] = t.TimeZone
		}
		keys["numbers"] = t.Numbers
	}
	out, err := json.Marshal(keys)
	if err != nil {
		return nil, fmt.Errorf("settings of PBX %s: %w", p.ID, err)
	}
	return out, nil
}
