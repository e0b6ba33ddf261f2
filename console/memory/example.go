package memory

// The example operator: two clients, one with two branches and a system of its own, a carrier with a deck, and a tariff with prices in it.
const (
	operator = `
name: Example
realm: pbx.test
exchange: [{from: USD, to: EUR, rate: "0.9", day: 2026-01-01}]
tariffs: [{id: retail, file: retail.yaml}]
decks: [{id: alfa, file: alfa.csv, currency: EUR}]
route_plans: [{id: all, default: true, rules: [{id: any, policy: least_cost, min_margin_percent: 5, min_margin: 0.001}]}]
carriers: [{id: alfa, currency: EUR, deck: alfa, debt_limit: 1000}]
gateways: [{id: alfa-1, carrier: alfa, address: "192.0.2.1", login: us, password: gateway-secret}]
dial_plans: [{id: plain, country: "49", rules: [{match: "1XX", extension: true}, {match: "0X.", strip: 1, add: "{country}"}, {match: "00.", strip: 2}]}]
tenants:
  - id: acme
    name: Acme
    time_zone: Europe/Berlin
    currency: EUR
    account: {mode: prepaid, credit: 50}
    limits: [{period: month, money: 500}]
    max_price: 3
    tariff: retail
    dial_plan: plain
    networks: ["198.51.100.0/24"]
    groups: [{id: sales, mode: all, extensions: ["101"]}]
    branches:
      - {id: berlin, name: Berlin, tariff: retail, limits: [{period: day, calls: 100}], extensions: [{id: "101", name: Anna, password: "vPq7-mWx2-Tz"}]}
      - {id: koeln, name: Köln, extensions: [{id: "201", name: Ben, password: "kRn4-bLs8-Yd"}]}
    numbers: [{number: "+4930123456", branch: berlin, extension: "101"}, {number: "+49221123456", branch: koeln, extension: "201"}]
    trunks: [{id: main, branch: koeln, sources: ["192.0.2.9"], password: "trunk-Qs7-mWx2"}]
    pbxs: [{id: old, format: panasonic-tda-c-dmy, branch: berlin, trunks: [{id: "701"}]}]
  - {id: other, time_zone: Europe/Berlin, currency: EUR, account: {mode: postpaid}, tariff: retail, dial_plan: plain, numbers: [{number: "+4940123456"}]}
`
	retail = `
name: retail
currency: EUR
decks: [{name: retail, rates: [{prefix: any, rate: 0.1}]}]
`
	alfa = "prefix,destination,rate\n49,Germany,0.02\n44,United Kingdom,0.03\n"
)
