"""The vocabulary of the answers: 256 common words, so that one drawn byte is one word."""

_TEXT = """
the a this that each every some most our their its one another same new old first last next early late
system service request answer client server network stream token model prompt region cluster queue worker
budget latency timeout retry failure outage incident report summary metric record signal pattern sample
result value number share total limit change update release review owner team user caller reader writer
message ticket order account invoice payment customer question context source document section paragraph
sentence figure table chart index column window minute second morning evening week month quarter year
season river harbor island bridge garden forest valley city street market station library
school engine machine battery sensor camera satellite weather winter summer
is was has had can may will should could would must does seems becomes remains appears begins ends
shows gives takes keeps holds makes moves turns runs stays grows falls rises opens closes reads writes
sends receives returns answers explains describes compares measures reduces improves protects supports
follows leads serves covers carries reaches joins connects recovers continues
quickly slowly often usually clearly mostly nearly almost always never again already still soon
large small short long high low fast slow steady stable quiet busy simple complex common rare clear
local global public private ready useful likely
and but or so because while when where after before until since although with without within between
during against across through under over above below near from into onto toward about around for of to
by at on in than if not only more
"""

WORDS: tuple[str, ...] = tuple(" " + word for word in _TEXT.split())
"""Each with the leading space a tokenizer would give it."""
