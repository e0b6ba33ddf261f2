package main

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

func main() {
	w := bufio.NewWriter(os.Stdout)
	fmt.Fprintln(w, "prefix,country")
	regions := make(map[int][]string)
	for region := range phonenumbers.GetSupportedRegions() {
		code := phonenumbers.GetCountryCodeForRegion(region)
		regions[code] = append(regions[code], region)
	}
	codes := make([]int, 0, len(regions))
	for code := range regions {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	for _, code := range codes {
		cc := strconv.Itoa(code)
		main := phonenumbers.GetRegionCodeForCountryCode(code)
		fmt.Fprintf(w, "%s,%s\n", cc, main)
		if len(regions[code]) > 1 {
			shared(w, cc, main)
		}
	}
	for _, code := range []string{"800", "808", "870", "878", "881", "882", "883", "979"} { // Of no country (ITU-T E.164.1).
		fmt.Fprintf(w, "%s,001\n", code)
	}
	if err := w.Flush(); err != nil {
		fmt.Fprintln(os.Stderr, "countries:", err)
		os.Exit(1)
	}
}

// shared writes the area codes of a country code that several countries share, where they are not the main one's.
func shared(w *bufio.Writer, cc, main string) {
	for digits := 1; digits <= 3; digits++ {
		for n := range pow10(digits) {
			prefix := cc + fmt.Sprintf("%0*d", digits, n)
			if region := only(prefix); region != "" && region != main && (digits == 1 || only(prefix[:len(prefix)-1]) != region) {
				fmt.Fprintf(w, "%s,%s\n", prefix, region)
			}
		}
	}
}

func pow10(n int) int {
	p := 1
	for range n {
		p *= 10
	}
	return p
}

// only is the country of all valid numbers with a prefix, if that is one and the same.
func only(prefix string) string {
	found := ""
	for _, fill := range "0123456789" {
		for length := 8; length <= 13; length++ {
			if length < len(prefix) {
				continue
			}
			n, err := phonenumbers.Parse("+"+prefix+strings.Repeat(string(fill), length-len(prefix)), "ZZ")
			if err != nil {
				continue
			}
			region := phonenumbers.GetRegionCodeForNumber(n)
			if region == "" || region == "ZZ" {
				continue
			}
			if found != "" && found != region {
				return ""
			}
			found = region
		}
	}
	return found
}
