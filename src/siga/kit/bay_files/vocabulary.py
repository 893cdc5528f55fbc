"""The names columns bear in Spanish, Catalan, English, French and German files, by the role they play.

Names are folded (texts.header_words) and compared without `_`; a leading `~` accepts any header that holds all
the words. Order is preference. Sources: the open-data files of Valencia, Montpellier, Nice, Karlsruhe, Freiburg and
Heidelberg, France's schema-stationnement and BAN, OpenAddresses, and the keys of the OpenStreetMap wiki.
"""

from __future__ import annotations

ROLES: dict[str, tuple[str, ...]] = {
    "id": (
        "id", "globalid", "uuid", "uid", "objectid", "object_id", "fid", "gid", "ogc_fid", "osm_id", "full_id",
        "ident", "identifier", "identificador", "identifiant", "kennung", "id_local", "~id plaza", "~id place",
        "~id bay", "~id parking", "~id aparcamiento", "~id stellplatz", "~id pmr", "code", "codigo", "codi", "ref",
        "referencia", "reference", "referenz",
    ),
    "kind": (
        "kind", "category", "categoria", "categorie", "kategorie", "tipo_reserva", "tipo_plaza", "type_place",
        "parkingtype", "parking_type", "parkplatz", "parkplatzart", "stellplatzart", "art", "clase", "classe",
        "reserva", "reserved_for", "reservado_para", "uso", "usage", "us", "nutzung", "tipo", "tipus", "type", "typ",
        "~tipo", "~tipus", "~type", "~typ", "~kind", "~category", "~categoria", "~categorie", "~usage", "~uso",
    ),
    "capacity": (
        "number_of_bays", "bays", "spaces", "number_of_spaces", "anzahl", "stellplaetze", "plaetze", "plazas", "places",
        "nb_place", "nb_places", "nbre_places", "nombre_places", "nombre_de_places", "num_plazas", "numero_plazas",
        "n_plazas", "num_places", "places_pmr", "nb_pmr", "plazas_pmr", "count", "quantity", "cantidad", "quantite",
        "quantitat", "capacity", "capacidad", "capacite", "capacitat", "kapazitaet", "~plazas", "~stellplaetze",
        "~plaetze", "~nb places", "~nb place", "~nombre places", "~numero places", "~anzahl", "~capacity",
        "~capacidad", "~num places", "~number bays", "~number spaces",
    ),
    "address": (
        "address", "adresse", "direccion", "adreca", "domicilio", "anschrift", "full_address", "standort", "lage",
        "emplazamiento", "emplacement", "ubicacion", "ubicacio", "localizacion", "localisation", "situacion",
        "location", "lieu", "bezeichnung", "ad_lieu", "addr_full", "~address", "~adresse", "~direccion", "~adreca",
    ),
    "street": (
        "street", "addr_street", "street_name", "strasse", "strassenname", "str_name", "calle", "nombre_via",
        "nom_via", "via", "carrer", "rue", "nom_voie", "voie", "nom_rue", "~nombre via", "~nombre calle", "~nom voie",
    ),
    "street_type": ("tipo_via", "tipo_vial", "type_voie", "tipus_via"),
    "number": (
        "housenumber", "addr_housenumber", "house_number", "hausnummer", "hausnr", "hnr", "numero", "num", "number",
        "nro", "n", "numero_via", "num_via", "numero_voie", "portal", "numero_portal",
    ),
    "number_suffix": ("rep", "hausnummer_zusatz", "hausnrzusatz", "extension", "unit_suffix"),
    "place": (
        "addr_city", "city", "town", "municipality", "municipio", "municipi", "poblacion", "poblacio",
        "localidad", "commune", "nom_commune", "ville", "gemeinde", "ort", "stadt", "ciudad", "ciutat",
    ),
    "zone": (
        "zone", "zona", "stadtteil", "ortsteil", "stadtbezirk", "bezirk", "barrio", "barri", "neighbourhood",
        "neighborhood", "addr_suburb", "suburb", "quartier", "district", "addr_district", "distrito", "districte",
        "arrondissement", "ward", "sector", "secteur", "~barrio", "~barri", "~stadtteil", "~distrito", "~quartier",
    ),
    "source_name": ("name", "nombre", "nom", "titulo", "title", "titel"),
    "source_hours": (
        "parkzeit", "opening_hours", "hours", "horario", "horari", "horaire", "horaires", "oeffnungszeiten", "zeiten",
        "~horario", "~horaires",
    ),
    "source_max_stay": (
        "max_parkdauer", "parkdauer", "hoechstparkdauer", "maxstay", "max_stay", "tiempo_maximo", "duree_max",
        "duree_maximale", "temps_maxim", "~tiempo maximo", "~max parkdauer",
    ),
    "source_sign": ("beschriftung", "sign_text", "texto_senal", "texte_panneau"),
    "source_note": (
        "bemerkung", "bemerkungen", "hinweis", "notiz", "beschreibung", "note", "notes", "description", "comment",
        "comments", "commentaire", "remarque", "complement", "observaciones", "observacions", "comentario",
        "descripcion",
    ),
    "source_sensors": ("sensorenliste", "sensors", "sensor_ids", "sensores"),
    "width": (
        "width", "width_m", "width_cm", "breite", "breite_m", "breite_cm", "ancho", "ancho_m", "ancho_cm", "anchura",
        "amplada", "amplaria", "largeur", "largeur_m", "largeur_cm",
    ),
    "length": (
        "length", "length_m", "length_cm", "laenge", "laenge_m", "laenge_cm", "largo", "largo_m", "largo_cm",
        "longitud", "llargada", "longueur", "longueur_m", "longueur_cm",
    ),
    "kerb": (
        "kerb", "curb", "bordillo", "rebaje", "vorada", "gual", "bordure", "bordstein", "bordsteinabsenkung",
        "~bordillo", "~rebaje", "~kerb", "~bordstein", "~bordure",
    ),
    "surface": (
        "surface", "pavimento", "paviment", "superficie", "revetement", "belag", "oberflaeche", "~pavimento",
        "~revetement",
    ),
    "slope": ("slope", "slope_pct", "incline", "pendiente", "pendent", "pente", "neigung", "gefaelle", "~pendiente"),
    "amenity": ("amenity",),
    "parking_space": ("parking_space",),
    "capacity_disabled": ("capacity_disabled",),
    "disabled": ("disabled",),
    "geometry": (
        "geo_shape", "geojson", "geometry", "geometria", "geometrie", "geom", "the_geom", "wkt", "wkt_geom", "shape",
        "geo_point_2d", "geopoint", "geo_point", "geopunkt", "geolocation", "lat_lon", "latlng", "lon_lat", "lnglat",
        "latitude_longitude", "longitude_latitude", "latitud_longitud", "coordinates", "coordenadas", "coordonnees",
        "coordonnees_gps", "coordenades", "koordinaten", "gps", "position", "posicion", "posicio", "point", "punto",
        "location", "localizacion", "localisation", "ubicacion", "ubicacio", "~geo shape", "~geo point",
        "~coordenadas", "~coordonnees", "~koordinaten", "~wkt",
    ),
}  # fmt: skip
"""role → the names of its columns."""

LON_LAT: tuple[tuple[str, str], ...] = (
    ("lon", "lat"), ("longitude", "latitude"), ("longitud", "latitud"), ("lng", "lat"), ("long", "lat"),
    ("xlong", "ylat"), ("geo_lon", "geo_lat"), ("geo_long", "geo_lat"), ("gps_lon", "gps_lat"),
    ("laengengrad", "breitengrad"), ("~longitude", "~latitude"), ("~longitud", "~latitud"), ("~lon", "~lat"),
    ("~lng", "~lat"), ("~laengengrad", "~breitengrad"), ("x_wgs84", "y_wgs84"), ("~x wgs84", "~y wgs84"),
    ("x", "y"), ("coord_x", "coord_y"), ("x_coord", "y_coord"), ("point_x", "point_y"), ("coordx", "coordy"),
    ("~coordonnees x", "~coordonnees y"), ("~coordonnee x", "~coordonnee y"), ("~coordenada x", "~coordenada y"),
    ("~coord x", "~coord y"), ("utm_x", "utm_y"), ("x_utm", "y_utm"), ("~x etrs89", "~y etrs89"),
    ("rechtswert", "hochwert"), ("easting", "northing"), ("este", "norte"), ("ostwert", "nordwert"),
)  # fmt: skip
"""Pairs of names of longitude and latitude (or x and y), surest first."""

LENGTH_OR_LON: tuple[tuple[str, str], ...] = (("laenge", "breite"), ("geo_laenge", "geo_breite"))
"""Pairs that may also mean length and width: positions only where nothing else in the file is."""

LON_FIRST = frozenset({"lon_lat", "lonlat", "lng_lat", "lnglat", "longitude_latitude", "longitud_latitud", "x_y"})
"""Headers of “a, b” cells that put the longitude first; all others put the latitude first."""
