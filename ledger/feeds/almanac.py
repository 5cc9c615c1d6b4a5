"""The words of dates: months, weekdays, halves of the day and zones, by the names that feeds use.

A name that means different months, or different zones, in different places is in no table.
"""

from __future__ import annotations

__all__ = ["AFTERNOON", "FILLERS", "FORENOON", "MONTHS", "WEEKDAYS", "ZONES"]

_MONTHS = """
01 jan january januar januari janvier janv enero ene janeiro gennaio gen января янв січня ianuarie ian
01 január ocak tammikuuta stycznia styczeń ledna leden siječnja ιανουαρίου ιαν يناير
02 feb february februar februari février févr fév febrero febbraio fevereiro fev февраля фев февр
02 лютого februarie február şubat helmikuuta lutego února únor veljače φεβρουαρίου φεβ فبراير
03 mar march mär märz mrz maart mrt mars marzo março марта мар март березня martie március mart maaliskuuta
03 marca března březen ožujka μαρτίου μάρ μαρ مارس
04 apr april avril avr abril abr aprile апреля апр квітня aprilie április nisan huhtikuuta kwietnia
04 dubna duben travnja απριλίου απρ أبريل
05 may mai mei maj mayo maio mag maggio мая май травня május mayıs toukokuuta maja května květen μαΐου
05 μάι μαϊ مايو
06 jun june juni juin junio junho giugno giu июня июн червня iunie június haziran kesäkuuta czerwca
06 června červen ιουνίου ιούν ιουν يونيو
07 jul july juli juillet juil julio julho luglio lug июля июл липня iulie július temmuz heinäkuuta
07 lipca července červenec ιουλίου ιούλ ιουλ يوليو
08 aug august augustus augusti août agosto ago agustus августа авг серпня augusztus ağustos elokuuta
08 sierpnia srpna srpen αυγούστου αύγ αυγ أغسطس
09 sep sept september septembre septiembre setiembre setembro set settembre sett сентября сен сент
09 вересня septembrie szeptember eylül syyskuuta września září σεπτεμβρίου σεπ سبتمبر
10 oct october oktober okt octobre octubre outubro out ottobre ott октября окт жовтня octombrie október
10 ekim lokakuuta października października říjen října οκτωβρίου οκτ أكتوبر
11 nov november novembre noviembre novembro ноября ноя нояб noiembrie kasım marraskuuta listopadu
11 νοεμβρίου νοέ νοε نوفمبر
12 dec december dezember dez décembre déc diciembre dic dezembro dicembre desember des декабря дек
12 грудня decembrie aralık joulukuuta grudnia prosince prosinec prosinca δεκεμβρίου δεκ ديسمبر
"""
_WEEKDAYS = """
mon tue tues wed weds thu thur thurs fri sat sun monday tuesday wednesday thursday friday saturday sunday
mo di mi do fr sa so montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag
lun mar mer jeu ven sam dim lundi mardi mercredi jeudi vendredi samedi dimanche
lunes martes miércoles jueves viernes sábado domingo mié jue vie sáb dom
seg ter qua qui sex segunda terça quarta quinta sexta segunda-feira terça-feira quarta-feira quinta-feira sexta-feira
lunedì martedì mercoledì giovedì venerdì sabato domenica gio sab
ma wo za zo maandag dinsdag woensdag donderdag vrijdag zaterdag zondag
mån tis ons tors tor fre lör sön måndag tisdag onsdag torsdag fredag lördag söndag tir lør søn mandag tirsdag lørdag søndag
pon wt śr czw pt sob niedz poniedziałek wtorek środa czwartek piątek sobota niedziela
пн вт ср чт пт сб вс понедельник вторник среда четверг пятница суббота воскресенье
κυρ δευ τρί τετ πέμ παρ σάβ κυριακή δευτέρα τρίτη τετάρτη πέμπτη παρασκευή σάββατο
pazartesi salı çarşamba perşembe cuma cumartesi pazar senin selasa rabu kamis jumat sabtu minggu
"""
_FILLERS = """
at on of um am uhr à le de del di el la los das dos às as a las alle ore om kl klo den o godz в г год
"""

MONTHS = {name: int(line[:2]) for line in _MONTHS.strip().split("\n") for name in line[3:].split()}
WEEKDAYS = frozenset(_WEEKDAYS.split())
FILLERS = frozenset(_FILLERS.split())
"""Words between the parts of a date that say nothing."""

FORENOON = frozenset({"am", "a.m", "a.m.", "오전", "午前", "上午"})
AFTERNOON = frozenset({"pm", "p.m", "p.m.", "오후", "午後", "下午"})

ZONES = {
    "UT": 0, "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 60, "BST": 60, "CET": 60, "CEST": 120, "CEDT": 120,
    "MET": 60, "MEST": 120, "MEZ": 60, "MESZ": 120, "EET": 120, "EEST": 180, "MSK": 180, "MSD": 240, "TRT": 180,
    "SAST": 120, "CAT": 120, "EAT": 180, "WAT": 60, "IRST": 210, "IDT": 180, "PKT": 300, "NPT": 345, "ICT": 420,
    "WIB": 420, "WITA": 480, "WIT": 540, "HKT": 480, "SGT": 480, "PHT": 480, "AWST": 480, "JST": 540, "KST": 540,
    "ACST": 570, "ACDT": 630, "AEST": 600, "AEDT": 660, "NZST": 720, "NZDT": 780, "NST": -210, "NDT": -150,
    "ADT": -180, "ART": -180, "BRT": -180, "BRST": -120, "CLT": -240, "COT": -300, "PET": -300, "EST": -300,
    "EDT": -240, "CST": -360, "CDT": -300, "MST": -420, "MDT": -360, "PST": -480, "PDT": -420, "AKST": -540,
    "AKDT": -480, "HST": -600,
}  # fmt: skip
"""Zone names in minutes east of UTC. Not here: IST, AST, GST, ECT and other names of several zones; single letters but Z,
which RFC 822 had the wrong way round."""
