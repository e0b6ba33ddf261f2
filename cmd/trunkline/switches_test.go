package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// switchFiles are records of one morning by PBX, in the forms of Asterisk's cdr_csv, CUCM's CDR files, FreeSWITCH's mod_json_cdr
// with second legs, and NEC's SMDR. DAY is their day, EPOCH its begin.
func switchFiles() map[string]string {
	asterisk := func(from, to, in, out string, at int) string {
		return fmt.Sprintf(`"","%s","%s","default","x","%s","%s","Dial","x","DAY 10:%02d:00","DAY 10:%02d:00","DAY 10:%02d:00",60,60,"ANSWERED","DOCUMENTATION","1.%d",""`+"\n",
			from, to, in, out, at, at, at+1, at)
	}
	leg := func(direction, uuid string) string {
		return fmt.Sprintf(`{"variables":{"direction":"%s","uuid":"%s","call_uuid":"A1","start_epoch":"EPOCH1","answer_epoch":"EPOCH2","end_epoch":"EPOCH3","billsec":"60"},`+
			`"callflow":[{"caller_profile":{"caller_id_number":"101","destination_number":"004915112345678"}}]}`+"\n", direction, uuid)
	}
	return map[string]string{
		"asterisk-csv": asterisk("4915112345678", "4930100", "PJSIP/first-00000001", "PJSIP/101-00000002", 0) +
			asterisk("101", "004915112345678", "PJSIP/101-00000003", "PJSIP/first-00000004", 1) +
			asterisk("101", "004915112345678", "PJSIP/101-00000005", "PJSIP/second-0000000a", 2) +
			asterisk("101", "4930100", "PJSIP/101-00000006", "PJSIP/101-00000007", 3),
		"freeswitch-json": leg("inbound", "A1") + leg("outbound", "B1"),
		"cisco-cucm": "cdrRecordType,globalCallID_callManagerId,globalCallID_callId,dateTimeOrigination,origCause_value,callingPartyNumber,originalCalledPartyNumber,finalCalledPartyNumber,destCause_value,dateTimeConnect,dateTimeDisconnect,duration,origDeviceName,destDeviceName,clientMatterCode\n" +
			"1,1,7,EPOCH1,0,101,102,102,0,EPOCH2,EPOCH3,60,SEP1,SEP2,\n" +
			"1,1,7,EPOCH3,0,101,004915112345678,004915112345678,16,EPOCH3,EPOCH4,60,SEP1,GW1,\n",
		"nec-sv-dated": "IVIN 10:00 MD 001  00:01:00 102        004915112345678\n" +
			"ITRS 10:01 MD 001  00:05:00 103        004915112345678\n",
		"panasonic-tda-a": "MDY 11:04AM 101   01 112..............              00:01'00\n",
	}
}

// Records of switches are charged by whose the numbers in them are: what comes in and what stays inside costs nothing, what goes
// out is charged once, by the tariff of its trunk, and what cannot be known is an error.
func TestImportsOfSwitches(t *testing.T) {
	t.Parallel()
	s := newSite(t, "127.0.0.1:9", "127.0.0.1:9", "100000")
	require.NoError(t, os.WriteFile(filepath.Join(s.dir, "second.yaml"),
		[]byte("name: second\ncurrency: EUR\ndecks:\n  - name: world\n    defaults: {increment: 1/1}\n    rates:\n      - {prefix: \"49\", destination: Germany, rate: 18}\n"), 0o600))
	s.change("  - {id: retail, file: retail.yaml}\n", "  - {id: retail, file: retail.yaml}\n  - {id: second, file: second.yaml}\n")
	var pbxs strings.Builder
	for format := range switchFiles() {
		fmt.Fprintf(&pbxs, "      - {id: %s, format: %s, time_zone: UTC, branch: berlin, trunks: [{id: \"PJSIP/second-*\", tariff: second}]}\n", format, format)
	}
	s.change("  - id: acme\n", "  - id: acme\n    pbxs:\n"+pbxs.String())
	s.start()
	s.must("apply", "-f", filepath.Join(s.dir, "operator.yaml"))
	day := time.Now().UTC().AddDate(0, 0, -3).Truncate(24 * time.Hour)
	at := func(minutes int) string {
		return strconv.FormatInt(day.Add(10*time.Hour+time.Duration(minutes)*time.Minute).Unix(), 10)
	}
	written := strings.NewReplacer("DAY", day.Format("2006-01-02"), "MDY", day.Format("01/02/06"), "MD", day.Format("01/02"),
		"EPOCH1", at(20), "EPOCH2", at(21), "EPOCH3", at(22), "EPOCH4", at(23))
	for format, text := range switchFiles() {
		path := filepath.Join(s.dir, format)
		require.NoError(t, os.WriteFile(path, []byte(written.Replace(text)), 0o600))
		for range 2 {
			code, out := s.run("import", "file", "--tenant", "acme", "--pbx", format, path)
			require.Contains(t, []int{exitOK, exitPartial}, code, out)
		}
	}
	got := make(map[string][]string)
	for _, row := range s.records(9) {
		got[row["source"]] = append(got[row["source"]], strings.Join([]string{row["direction"], row["extension"], row["sale"]}, " "))
	}
	require.ElementsMatch(t, []string{"inbound 101 0", "outbound 101 9", "outbound 101 18", "internal 101 0"}, got["asterisk-csv"])
	require.Equal(t, []string{"outbound 101 9"}, got["freeswitch-json"], "both legs are one call")
	require.ElementsMatch(t, []string{"internal 101 0", "outbound 101 9"}, got["cisco-cucm"], "the transfer to the outside is charged")
	require.ElementsMatch(t, []string{"inbound 102 0", "inbound 103 0"}, got["nec-sv-dated"])
	require.Contains(t, s.must("import", "errors", "--tenant", "acme"), "secret dialling")
	s.sums()
}
