package main

import (
	"bufio"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// destination is a prefix with its name and whether it is a mobile one.
type destination struct {
	prefix  string
	name    string
	country string
	mobile  bool
}

// deck is one file to write.
type deck struct {
	file      string
	scale     int // Price in thousandths of the base price, times the exchange into the deck's currency.
	spread    int // Random part, per cent.
	connect   string
	increment string
	special   map[string]int // Base price of a prefix, in its stead.
}

func main() {
	if err := run(filepath.Join("demo", "decks")); err != nil {
		fmt.Fprintln(os.Stderr, "demodecks:", err)
		os.Exit(1)
	}
}

func run(folder string) error {
	all := destinations()
	decks := []deck{
		{file: "volga.csv", scale: 90_000, spread: 10, connect: "0", increment: "1,1"},
		{file: "rhein.csv", scale: 900, spread: 25, connect: "0", increment: "30,6"},
		{file: "bargain.csv", scale: 550, spread: 30, connect: "0.001", increment: "60,60"},
		{
			file: "retail.csv", scale: 160_000, spread: 5, connect: "0", increment: "60,60",
			special: map[string]int{"53": 100, "535": 100},
		},
	}
	for _, d := range decks {
		if err := d.write(folder, all); err != nil {
			return err
		}
	}
	fmt.Printf("%d destinations, %d decks\n", len(all), len(decks))
	return nil
}

// destinations walks the numbering plans and keeps a prefix wherever the name of what it leads to changes.
func destinations() []destination {
	codes := make(map[int]string)
	for region := range phonenumbers.GetSupportedRegions() {
		code := phonenumbers.GetCountryCodeForRegion(region)
		if old, ok := codes[code]; !ok || region < old {
			codes[code] = region
		}
	}
	ordered := make([]int, 0, len(codes))
	for code := range codes {
		ordered = append(ordered, code)
	}
	slices.Sort(ordered)
	var all []destination
	for _, code := range ordered {
		cc := strconv.Itoa(code)
		name := country(cc, codes[code])
		root := destination{prefix: cc, name: name, country: name}
		all = append(all, root)
		walk(&all, root, depthOf(cc))
	}
	return all
}

// depthOf is how many digits behind the country code are looked at: more where the demo's company calls.
func depthOf(cc string) int {
	if cc == "7" || cc == "49" {
		return 4
	}
	return 2
}

func country(cc, region string) string {
	switch cc {
	case "1":
		return "USA"
	case "7":
		return "Russia"
	}
	r, err := language.ParseRegion(region)
	if err != nil {
		return "Country " + region // 001: numbers of no country, such as satellite phones.
	}
	return display.English.Regions().Name(r)
}

func walk(all *[]destination, parent destination, depth int) {
	if depth == 0 {
		return
	}
	for digit := range 10 {
		d := describe(parent, parent.prefix+strconv.Itoa(digit))
		if d.name == "" {
			continue
		}
		if d.name != parent.name || d.mobile != parent.mobile {
			*all = append(*all, d)
			walk(all, d, depth-1)
			continue
		}
		walk(all, d, depth-1)
	}
}

// describe names a prefix by the numbers that it begins; no name means that there are none.
func describe(parent destination, prefix string) destination {
	for length := 15; length >= 8; length-- {
		digits := prefix + strings.Repeat("5", max(0, length-len(prefix)))
		n, err := phonenumbers.Parse("+"+digits, "ZZ")
		if err != nil || !phonenumbers.IsValidNumber(n) {
			continue
		}
		kind := phonenumbers.GetNumberType(n)
		d := destination{prefix: prefix, mobile: kind == phonenumbers.MOBILE, name: parent.name, country: parent.country}
		if carrier, err := phonenumbers.GetCarrierForNumber(n, "en"); err == nil && carrier != "" && d.mobile {
			d.name = parent.country + " mobile " + carrier
		} else if place, err := phonenumbers.GetGeocodingForNumber(n, "en"); err == nil && place != "" && !d.mobile && place != parent.country {
			d.name = parent.country + " " + place
		} else if d.mobile {
			d.name = parent.country + " mobile"
		}
		return d
	}
	if len(prefix) < 5 { // Too short to tell: what begins with it may still exist.
		return destination{prefix: prefix, name: parent.name, country: parent.country, mobile: parent.mobile}
	}
	return destination{}
}

// write writes one deck; prices are in the deck's currency with four places.
func (d deck) write(folder string, all []destination) error {
	f, err := os.Create(filepath.Join(folder, d.file)) //nolint:gosec // The names are constants of this program.
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, "prefix,destination,rate,connect_fee,initial,next")
	for _, dest := range all {
		price := base(dest) * d.scale / 1000 * (1000 + seeded(d.file+dest.prefix)%(d.spread*10)) / 1000
		if special, ok := d.special[dest.prefix]; ok {
			price = special * d.scale / 1000
		}
		fmt.Fprintf(w, "%s,%q,%d.%04d,%s,%s\n", dest.prefix, dest.name, price/1_000_000, price%1_000_000/100, d.connect, d.increment)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}

// base is the price of a minute in millionths of a euro.
func base(d destination) int {
	country := d.prefix[:min(2, len(d.prefix))]
	price := 8_000 + seeded(country)%150_000
	switch {
	case strings.HasPrefix(d.prefix, "7"):
		price = 4_000
	case strings.HasPrefix(d.prefix, "49"), strings.HasPrefix(d.prefix, "1"):
		price = 9_000
	}
	if d.mobile {
		price = price*2 + 6_000
	}
	return price + seeded(d.prefix)%2_000
}

// seeded is a number that looks random and is always the same for a text.
func seeded(text string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte("trunkline demo 1 " + text)) // A hash never fails.
	return int(h.Sum32() & 0x7fffffff)
}
