"""Units of measure and of time, and currencies: the forms that texts use, and the name that annotations carry."""

from __future__ import annotations

from ledger_numbers.words import word_set

__all__ = [
    "CODES",
    "CURRENCY_ADJECTIVES",
    "CURRENCY_WORDS",
    "LETTERS",
    "LOCAL_PREFIXES",
    "MINOR",
    "PREFIXES",
    "SYMBOLS",
    "TIME_UNITS",
    "UNITS",
]

_UNITS = """
meter: m meter meters metre metres
kilometer: km kms kilometer kilometers kilometre kilometres
centimeter: cm cms centimeter centimeters centimetre centimetres
decimeter: dm decimeter decimeters decimetre decimetres
millimeter: mm millimeter millimeters millimetre millimetres
micrometer: µm μm micrometer micrometers micrometre micrometres micron microns
nanometer: nm nanometer nanometers nanometre nanometres
picometer: picometer picometers picometre picometres
mile: mi mile miles
nautical_mile: nmi|nautical mile|nautical miles
yard: yd yds yard yards
foot: ft foot feet
inch: inch inches
light_year: |light year|light years|light-year|light-years
square_meter: m2 m² sqm|square meter|square meters|square metre|square metres|sq m
square_kilometer: km2 km²|square kilometer|square kilometers|square kilometre|square kilometres|sq km
square_mile: |square mile|square miles|sq mi
square_foot: |square foot|square feet|sq ft
square_yard: |square yard|square yards
square_centimeter: cm2 cm²
hectare: ha hectare hectares
acre: acre acres
cubic_meter: m3 m³|cubic meter|cubic meters|cubic metre|cubic metres
cubic_foot: |cubic foot|cubic feet
cubic_kilometer: km3 km³|cubic kilometer|cubic kilometers|cubic kilometre|cubic kilometres
cubic_centimeter: cm3 cm³ cc|cubic centimeter|cubic centimeters|cubic centimetre|cubic centimetres
liter: l liter liters litre litres
milliliter: ml milliliter milliliters millilitre millilitres
centiliter: cl centiliter centiliters centilitre centilitres
gallon: gal gallon gallons
pint: pint pints
quart: quart quarts
cup: cup cups
tablespoon: tbsp tablespoon tablespoons
teaspoon: tsp teaspoon teaspoons
fluid_ounce: |fluid ounce|fluid ounces|fl oz
oil_barrel: bbl barrel barrels
oil_barrel/day: bpd|barrels per day|barrels a day|barrel per day
bushel: bushel bushels
kilogram: kg kgs kilogram kilograms kilogramme kilogrammes kilo kilos
gram: g gram grams gramme grammes
milligram: mg milligram milligrams
microgram: µg μg mcg microgram micrograms
tonne: t tonne tonnes|metric ton|metric tons
ton: ton tons|short ton|short tons|long ton|long tons
kilotonne: kt kiloton kilotons kilotonne kilotonnes
megatonne: megaton megatons megatonne megatonnes
pound: lb lbs pound pounds
ounce: oz ounce ounces
troy_ounce: |troy ounce|troy ounces
carat: carat carats
kilometer/hour: kph kmh|km / h|km / hr|kilometers per hour|kilometres per hour|kilometers an hour|kilometres an hour|km per hour
mile/hour: mph|miles per hour|miles an hour
meter/second: |m / s|meters per second|metres per second
knot: knots
watt: w watt watts
kilowatt: kw kilowatt kilowatts
megawatt: mw megawatt megawatts
gigawatt: gw gigawatt gigawatts
terawatt: tw terawatt terawatts
watt_hour: wh|watt hour|watt hours
kilowatt_hour: kwh|kilowatt hour|kilowatt hours|kilowatt-hours
megawatt_hour: mwh|megawatt hour|megawatt hours
gigawatt_hour: gwh|gigawatt hour|gigawatt hours
terawatt_hour: twh|terawatt hour|terawatt hours
horsepower: hp bhp horsepower
joule: joule joules
kilojoule: kj kilojoule kilojoules
megajoule: mj megajoule megajoules
calorie: calorie calories
kilocalorie: kcal kilocalorie kilocalories
british_thermal_unit: btu|british thermal unit|british thermal units
volt: v volt volts
kilovolt: kv kilovolt kilovolts
ampere: amp amps ampere amperes
ohm: ohm ohms
newton: newton newtons
pascal: pascal pascals
kilopascal: kpa kilopascals
hectopascal: hpa hectopascals
bar: bar bars
millibar: mb millibar millibars
pound_force_per_square_inch: psi
hertz: hz hertz
kilohertz: khz kilohertz
megahertz: mhz megahertz
gigahertz: ghz gigahertz
bit: bit bits
byte: byte bytes
kilobyte: kb kilobyte kilobytes
megabyte: megabyte megabytes
gigabyte: gb gigabyte gigabytes
terabyte: tb terabyte terabytes
petabyte: pb petabyte petabytes
exabyte: eb exabyte exabytes
kibibyte: kibibyte kibibytes
decibel: db decibel decibels
sievert: sievert sieverts
millisievert: msv millisievert millisieverts
becquerel: bq becquerel becquerels
gray: gy
gigaelectronvolt: gev
teraelectronvolt: tev
electron_volt: ev
mole: mol mole moles
lux: lux
candela: candela candelas
radian: rad radian radians
degree: degree degrees deg °
degree_Celsius: celsius celcius centigrade|degrees celsius|degree celsius|deg celsius|degrees c|degree c|deg c|° c|°c|degrees centigrade
degree_Fahrenheit: fahrenheit|degrees fahrenheit|degree fahrenheit|deg fahrenheit|degrees f|degree f|deg f|° f|°f
kelvin: kelvin kelvins|degrees kelvin
"""

_AMBIGUOUS = word_set("""
    w v g t l bar bars pint pints cup cups lux degree degrees knots mb kb gy ev mw mj
""")

UNITS: dict[str, str] = {}
"""Form in lower case (words joined by one space) to pint name. Upper case decides between forms that differ only in case."""


def _read_units() -> None:
    for line in _UNITS.strip().splitlines():
        name, _, forms = line.partition(":")
        single, *phrases = forms.split("|")
        for form in [*single.split(), *phrases]:
            UNITS[form] = name


_read_units()

CASED = {
    "MB": "megabyte",
    "Mb": "megabit",
    "mW": "milliwatt",
    "C": "degree_Celsius",
    "F": "degree_Fahrenheit",
    "K": "kelvin",
}

TIME_UNITS: dict[str, tuple[str, str]] = {}
"""Form to (pint name, ISO 8601 designator)."""
for _name, _code, _forms in (
    ("year", "Y", "year years yr yrs"),
    ("month", "M", "month months"),
    ("week", "W", "week weeks wk wks"),
    ("fortnight", "2W", "fortnight fortnights"),
    ("day", "D", "day days"),
    ("night", "D", "night nights"),
    ("weekend", "", "weekend weekends"),
    ("hour", "TH", "hour hours hr hrs h"),
    ("minute", "TM", "minute minutes min mins"),
    ("second", "TS", "second seconds sec secs"),
    ("millisecond", "", "millisecond milliseconds ms"),
    ("decade", "0Y", "decade decades"),
    ("century", "00Y", "century centuries"),
    ("millennium", "000Y", "millennium millennia"),
):
    for _form in _forms.split(" "):
        TIME_UNITS[_form] = (_name, _code)

SYMBOLS = {
    "$": "USD", "£": "GBP", "€": "EUR", "¥": "JPY", "₹": "INR", "₽": "RUB", "₴": "UAH", "₩": "KRW", "₦": "NGN", "₺": "TRY",
    "₪": "ILS", "฿": "THB", "₫": "VND", "₱": "PHP", "₭": "LAK", "₸": "KZT", "₾": "GEL", "₵": "GHS", "₿": "BTC", "₡": "CRC",
    "₲": "PYG", "₮": "MNT", "₼": "AZN", "֏": "AMD",
}  # fmt: skip
PREFIXES = {
    "us": "USD", "u.s": "USD", "a": "AUD", "au": "AUD", "c": "CAD", "ca": "CAD", "can": "CAD", "hk": "HKD", "nz": "NZD", "s": "SGD",
    "nt": "TWD", "r": "BRL", "mx": "MXN", "mxn": "MXN", "z": "ZWL", "j": "JMD", "tt": "TTD", "n": "NAD", "fj": "FJD",
    "mex": "MXN", "ec": "XCD", "bds": "BBD", "bz": "BZD", "ar": "ARS", "col": "COP", "cl": "CLP",
}  # fmt: skip
"""Letters before a dollar sign."""

CODES = word_set("""
    usd eur gbp jpy cny rmb inr rub uah chf cad aud nzd hkd sgd krw try ils thb vnd php brl mxn ars clp
    cop pen zar ngn kes ghs egp mad tnd dzd sar aed qar kwd bhd omr iqd irr pkr bdt lkr npr idr myr twd
    sek nok dkk isk pln czk huf ron bgn rsd gel amd azn kzt uzs mnt btc eth ugx tzs xof xaf etb zmw mwk bwp
    mur lbp syp sdg yer afn kgs tjs jod mmk khr lak pgk fjd ttd jmd uyu pyg gtq crc dop hnl nio ves
""")
CODE_ALIASES = {"RMB": "CNY"}
LOCAL_PREFIXES = {
    "rs": "INR", "rm": "MYR", "rp": "IDR", "ksh": "KES", "kshs": "KES", "ush": "UGX", "tsh": "TZS", "dh": "AED", "dhs": "AED",
    "tk": "BDT", "fcfa": "XAF", "ghc": "GHS",
}  # fmt: skip
LETTERS = {"R": "ZAR", "N": "NGN", "P": "PHP", "K": "ZMW", "Sh": "shilling"}
"""Letters glued to an amount that is written as sums of money are."""

CURRENCY_WORDS = {
    "dollar": "USD", "dollars": "USD", "buck": "USD", "bucks": "USD", "euro": "EUR", "euros": "EUR", "yen": "JPY", "yuan": "CNY",
    "renminbi": "CNY", "kuai": "CNY", "rouble": "RUB", "roubles": "RUB", "ruble": "RUB", "rubles": "RUB", "hryvnia": "UAH",
    "hryvnias": "UAH", "hryvnya": "UAH", "zloty": "PLN", "zlotys": "PLN", "forint": "HUF", "forints": "HUF", "baht": "THB",
    "ringgit": "MYR", "rupiah": "IDR", "naira": "NGN", "rand": "ZAR", "shekel": "ILS", "shekels": "ILS", "sterling": "GBP",
    "lira": "TRY", "liras": "TRY", "bitcoin": "BTC", "bitcoins": "BTC", "koruna": "CZK", "koruny": "CZK", "taka": "BDT",
    "dong": "VND", "cedi": "GHS", "cedis": "GHS", "birr": "ETB", "rupee": "rupee", "rupees": "rupee", "franc": "franc",
    "francs": "franc", "peso": "peso", "pesos": "peso", "crown": "crown", "crowns": "crown", "krone": "krone", "kroner": "krone",
    "krona": "krona", "kronor": "krona", "dinar": "dinar", "dinars": "dinar", "dirham": "dirham", "dirhams": "dirham",
    "riyal": "riyal", "riyals": "riyal", "rial": "rial", "rials": "rial", "shilling": "shilling", "shillings": "shilling",
    "reais": "BRL", "markka": "FIM", "guilder": "guilder", "guilders": "guilder", "deutschmarks": "DEM", "marks": "mark",
    "lei": "lei", "quid": "GBP", "zł": "PLN", "kč": "CZK", "leva": "BGN", "won": "KRW", "tenge": "KZT", "manat": "manat", "lari": "GEL", "som": "som", "kwacha": "kwacha",
}  # fmt: skip
"""An ISO 4217 code where the word names one currency (or one by custom), else the word itself in the singular: no guessing."""

CURRENCY_ADJECTIVES = {
    ("us", "dollar"): "USD", ("american", "dollar"): "USD", ("australian", "dollar"): "AUD", ("canadian", "dollar"): "CAD",
    ("kong", "dollar"): "HKD", ("singapore", "dollar"): "SGD", ("zealand", "dollar"): "NZD", ("taiwan", "dollar"): "TWD",
    ("swiss", "franc"): "CHF", ("french", "franc"): "FRF", ("belgian", "franc"): "BEF", ("cfa", "franc"): "XOF",
    ("indian", "rupee"): "INR", ("pakistani", "rupee"): "PKR", ("lankan", "rupee"): "LKR", ("nepali", "rupee"): "NPR",
    ("mexican", "peso"): "MXN", ("argentine", "peso"): "ARS", ("chilean", "peso"): "CLP", ("colombian", "peso"): "COP",
    ("philippine", "peso"): "PHP", ("cuban", "peso"): "CUP", ("swedish", "crown"): "SEK", ("swedish", "krona"): "SEK",
    ("norwegian", "crown"): "NOK", ("norwegian", "krone"): "NOK", ("danish", "crown"): "DKK", ("danish", "krone"): "DKK",
    ("czech", "crown"): "CZK", ("icelandic", "krona"): "ISK", ("iraqi", "dinar"): "IQD", ("kuwaiti", "dinar"): "KWD",
    ("jordanian", "dinar"): "JOD", ("serbian", "dinar"): "RSD", ("algerian", "dinar"): "DZD", ("uae", "dirham"): "AED",
    ("moroccan", "dirham"): "MAD", ("saudi", "riyal"): "SAR", ("qatari", "riyal"): "QAR", ("iranian", "rial"): "IRR",
    ("omani", "rial"): "OMR", ("kenyan", "shilling"): "KES", ("ugandan", "shilling"): "UGX", ("tanzanian", "shilling"): "TZS",
    ("finnish", "markka"): "FIM", ("german", "mark"): "DEM", ("dutch", "guilder"): "NLG", ("egyptian", "pound"): "EGP",
    ("syrian", "pound"): "SYP", ("lebanese", "pound"): "LBP", ("sudanese", "pound"): "SDG", ("british", "pound"): "GBP",
    ("turkish", "lira"): "TRY", ("romanian", "lei"): "RON", ("moldovan", "lei"): "MDL",
}  # fmt: skip

MINOR = {
    "cent": "cent",
    "cents": "cent",
    "pence": "penny",
    "penny": "penny",
    "p": "penny",
    "kopeck": "kopeck",
    "kopecks": "kopeck",
}
"""Small coins keep their own unit: the text's figure is not divided."""
