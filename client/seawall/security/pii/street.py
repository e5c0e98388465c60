"""How streets are written in many countries: the words that name them, before, behind or inside."""

from __future__ import annotations

# Behind the name, after a number: "12 Acacia Avenue". These are hardly anything else.
STREET_ENDINGS = (
    "Street|St|Avenue|Ave|Av|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Terrace|Ter|Crescent|Cres|Close|Place|Pl|Highway|Hwy|Parkway|Pkwy|Square|Sq|Expressway|"
    "Grove|Freeway|Turnpike|Mews|Alley|Causeway|Motorway|Overpass|Underpass|Stravenue|Throughway|Trafficway|Esplanade|Promenade|Wharf|Quay|Broadway|Circle|Cir"
)
# The rest of the US Postal Service's list and British usage: ordinary words too, so they need a postcode or a cue.
STREET_ENDINGS_ORDINARY = (
    "Annex|Arcade|Bayou|Beach|Bend|Bluffs?|Bottom|Branch|Bridge|Brooks?|Burgs?|Bypass|Camp|Canyon|Cape|Center|Centers|Circles|Cliffs?|Club|Commons?|Corners?|Course|Courts|"
    "Coves?|Creek|Crest|Crossing|Crossroads?|Curve|Dale|Dam|Divide|Drives|Estates?|Extensions?|Falls?|Ferry|Fields?|Flats?|Fords?|Forest|Forges?|Forks?|Fort|Gardens?|Gate|"
    "Gateway|Glens?|Greens?|Groves|Siding|Harbors?|Haven|Heights|Hills?|Hollow|Inlet|Islands?|Isle|Junctions?|Keys?|Knolls?|Lakes?|Land|Landing|Lights?|Loaf|Locks?|Lodge|Loop|Mall|"
    "Manors?|Meadows?|Mills?|Mission|Mount|Mountains?|Neck|Orchard|Oval|Parade|Parks?|Parkways|Pass|Passage|Path|Pike|Pines?|Plains?|Plaza|Points?|Ports?|Prairie|Radial|Ramp|"
    "Ranch|Rapids?|Rest|Ridges?|Rise|River|Roads|Route|Row|Rue|Run|Shoals?|Shores?|Skyway|Springs?|Spurs?|Squares|Station|Streams?|Streets|Summit|Trace|Track|Trail|Tunnel|"
    "Unions?|Vale|Valleys?|Via|Viaduct|Views?|Villages?|Ville|Vista|Walks?|Wall|Ways?|Wells?|Wynd|Yard|Nagar|Marg|Chowk|Colony|Layout|Enclave|Chambers|Cottages?|House|Trafficway"
)
# Grown into the name: "Lindenstra\xdfe 4", "Kungsgatan 12".
STREET_COMPOUNDS = (
    r"stra\xdfe|strasse|str\.|str|platz|allee|gasse|chaussee|g\xe4sschen|straat|laan|plein|kade|gracht|dreef|singel|"
    r"gatan|gata|v\xe4gen|vagen|veien|vegen|gade|gr\xe4nd|torget|all\xe9n|katu|kuja|utca|\xfatca"
)
# Grown into the name, but so are words of other meaning: "During", "Colgate", "Rotterdam".
STREET_COMPOUNDS_ORDINARY = r"weg|ring|damm|ufer|steig|stieg|anger|winkel|pfad|promenade|dijk|steeg|hof|pad|baan|gate|gaten|vej|vei|stien|all\xe9|plassen|bakken|stigen|backen|torg|tori|polku|rinne|tie"
# A word of its own behind the name: "Passauer Stra\xdfe 33", "Erzs\xe9bet t\xe9r 19".
STREET_SECOND_WORDS = r"Stra\xdfe|Strasse|Weg|Platz|Allee|Gasse|Ring|Damm|Ufer|Steig|Straat|Laan|Plein|Baan|terrasse|gate|gata|t\xe9r|utca|\xfat|\xfatja|u\.|tn|tee|pst"
# In front of the name: "rue Victor Hugo", "Calle Mayor 3", "ul. D\xfbuga 4".
STREET_OPENINGS = (
    r"[Rr]ue|[Aa]venue|[Bb]oulevard|[Cc]hemin|[Aa]ll\xe9es?|[Ii]mpasse|[Qq]uai|[Ff]aubourg|[Rr]uelle|"
    r"[Cc]alle|C/|C\.|[Aa]venida|[Aa]vda\.?|Av\.|[Pp]aseo|[Pp]laza|Ronda|Rambla|[Gg]lorieta|[Cc]allej\xf3n|Pasaje|Cuesta|Vial|Acceso|[Uu]rbanizaci\xf3n|Camino|Carrera|Traves\xeda|V\xeda|"
    r"Alameda|Ca\xf1ada|[Cc]arretera|Barrio|Pol\xedgono|Calzada|Bulevar|Rinconada|Vereda|Privada|Cerrada|Andador|Prolongaci\xf3n|Peatonal|Diagonal|Circuito|"
    r"Via|[Vv]iale|[Pp]iazza|[Pp]iazzale|Corso|Largo|[Vv]icolo|Strada|Borgo|Contrada|Canale|Lungomare|Rotonda|Stretto|Incrocio|[Rr]ua|[Tt]ravessa|[Pp]ra\xe7a|Rodovia|Estrada|Ladeira|Quadra|Beco|R\.|"
    r"[Uu]l\.|[Uu]lica|[Aa]l\.|Aleja|[Pp]l\.|[Oo]s\.|[Uu]litsa|[Ss]tr\.|Bulevardul|Aleea|Drumul|Calea|Pia\xfea|Intrarea|Splaiul|Fundac|[Nn]\xe1m[e\xe9\xec]st[i\xed]e?|[Pp]lac|[Aa]leja|Gang|Gg\.|Av|Jardim|Vila|Praia|Parque|Recanto|Residencial|Conjunto|N\xfacleo|Passarela|Viaduto|Via|P\xe1tio|Morro|Loteamento|Esplanada|Feira|Fazenda|Favela|Distrito|Condom\xednio|Col\xf4nia|Ch\xe1cara|Campo|Aeroporto|\xc1rea|rang|[Aa]ll\xe9|Od\xf3s|Plateia|Jalan|Jl\.|Lorong|Trg"
)
# The same words where they are English too: only behind a house number.
STREET_OPENINGS_ORDINARY = r"place|route|square|passage|cours|via|strada|largo|camino|plaza|voie|sentier|r\xe9sidence|Place|Route|Square|Passage|Cours"
UNITS = (
    r"[Aa]pt|[Aa]ptmt|[Aa]partment|[Aa]ppt|[Aa]ppartement|[Ss]uite|[Ss]te|[Uu]nit|[Ff]lat|[Ss]tudio|[Rr]oom|[Rr]m|[Ff]loor|[Ff]l|[Bb]uilding|[Bb]ldg|[Bb]lock|[Bb]lk|[Ll]evel|[Ll]ot|[Bb]ox|[Pp]iso|[Pp]uerta|[Ee]scalera|[Ee]sc|[Pp]ortal|[Bb]ajo|[Ii]nterior|[Ii]nt|[Dd]epto|[Dd]epartamento|"
    r"[Ii]nterno|[Ss]cala|[Pp]iano|[Aa]pto|[Aa]ndar|[Bb]loco|[Cc]asa|[Ww]ohnung|[Ww]hg|[Ee]tage|[Hh]aus|[Bb]us|[Ll]gh|[Ll]\xe4genhet|[Mm]ieszkanie|m\.|[Bb]\xe2timent|[Bb]\xe2t|[\xc9\xe9]tage|[Ee]scalier|[Oo]ficina|[Oo]f\.|[Zz]\.|[Cc]ol\.|[Cc]olonia|H\.? ?[Nn]o\.?|House [Nn]o\.?|Plot [Nn]o\.?|#"
)
PARTICLES = (
    r"de|del|de la|de los|de las|du|des|d'|di|da|do|dos|das|della|dei|degli|delle|dell'|la|le|les|los|las|el|l'|of|upon|under|on|the|and|am|an|an der|in|in der|im|bei|vor|zum|zur|von|van|van der|van de|van den|der|den|ter|ten|"
    r"op|aan|aan den|sur|sous|l\xe8s|en|\xe0|au|aux|y|e|et|sul|sulla|nad|pod|ob|i|u\.|\xfat|\xfatja|t\xe9r|tere|fejedelem|terrasse|cel|cite"
)
