"""Invented names of the town: streets, zones, families and fleets; none is meant to be anybody's."""

from __future__ import annotations

from siga.demo.model import Category, Surroundings

RIVERSIDE = "Paseo de la Ribera"
HIGH_STREET = "Calle Mayor"
MAIN_AVENUE = "Avenida del Hospital"
OLD_BRIDGE = "Calle del Puente Viejo"
NEW_BRIDGE = "Avenida del Puente Nuevo"

STREETS = (
    "Calle Ancha", "Calle de la Fuente", "Calle del Horno", "Calle de los Tejedores", "Calle de las Moreras",
    "Calle del Pozo Dulce", "Calle de la Herrería", "Calle del Trigo", "Calle de los Alfareros", "Calle de la Luna",
    "Calle del Sol Poniente", "Calle de San Telmo", "Calle de Santa Clara", "Calle del Olmo",
    "Calle de la Cruz Blanca", "Calle de los Olivos", "Calle del Molino Alto", "Calle de la Lonja", "Calle del Arco",
    "Calle de la Paloma", "Calle de las Eras", "Calle del Romero", "Calle del Tomillo", "Calle de la Encina",
    "Calle de los Arrieros", "Calle de la Noria", "Calle del Almendro", "Calle de la Cuesta", "Calle del Mirador",
    "Calle de la Campana", "Calle de las Golondrinas", "Calle del Azafrán", "Calle de la Vendimia", "Calle del Batán",
    "Calle de los Canteros", "Calle de la Albahaca", "Calle de las Acacias", "Calle del Granado",
    "Calle de San Roque", "Calle del Telar", "Calle de la Botica", "Calle de la Imprenta", "Calle de los Cereros",
    "Calle del Jazmín", "Calle del Reloj", "Calle de las Huertas", "Calle del Lavadero", "Calle de la Acequia",
    "Calle del Membrillo", "Calle de la Higuera", "Calle de los Libreros", "Calle del Nogal", "Calle de la Viña",
    "Calle de las Cigüeñas", "Calle del Cierzo", "Calle de la Era Baja", "Calle del Esparto", "Calle de la Trilla",
    "Calle de los Hortelanos", "Calle del Mimbre", "Travesía del Horno", "Travesía de la Luna", "Travesía del Olmo",
    "Travesía de la Noria", "Travesía del Pozo", "Travesía de San Roque", "Travesía del Granado",
    "Travesía de las Eras", "Travesía del Batán", "Travesía del Telar",
)  # fmt: skip

# Zones by their place in the plan: (code, name, district), in rows from the river northward, west to east in each.
ZONE_ROWS = (
    (("AR", "Arrabal", "Ultrapuente"), ("HU", "Huertas", "Ultrapuente")),
    (("RI", "Ribera", "Ribera"), ("TE", "Tenerías", "Ribera"), ("SR", "San Roque", "Levante")),
    (
        ("ES", "Estación", "Poniente"),
        ("CE", "Centro", "Centro"),
        ("ME", "Mercado", "Centro"),
        ("AL", "Alameda", "Levante"),
    ),
    (("EN", "Ensanche", "Poniente"), ("HO", "Hospital", "Norte"), ("SC", "Santa Clara", "Norte")),
)
OBSERVED_ONLY = ("HU", "SC")

WOMEN = (
    "Adela", "Aurora", "Begoña", "Candela", "Carmen", "Celia", "Clara", "Consuelo", "Elena", "Elvira", "Emilia",
    "Esther", "Gloria", "Inés", "Irene", "Isabel", "Julia", "Laura", "Leonor", "Lucía", "Marina", "Matilde",
    "Mercedes", "Nieves", "Noelia", "Nuria", "Paloma", "Pilar", "Remedios", "Rosario", "Sara", "Soledad", "Teresa",
    "Valentina", "Violeta",
)  # fmt: skip
MEN = (
    "Adrián", "Agustín", "Alonso", "Andrés", "Anselmo", "Arturo", "Benito", "Bruno", "César", "Damián", "Diego",
    "Eduardo", "Emilio", "Ernesto", "Félix", "Gabriel", "Gonzalo", "Hugo", "Ignacio", "Jacinto", "Joaquín", "Julián",
    "Leandro", "Lorenzo", "Marcos", "Mateo", "Nicolás", "Óscar", "Pascual", "Ramiro", "Raúl", "Samuel", "Tomás",
    "Vicente",
)  # fmt: skip
SURNAMES = (
    "Abascal", "Alarcón", "Arroyo", "Barrios", "Belmonte", "Bermejo", "Cabrera", "Calatrava", "Campillo", "Carrasco",
    "Castejón", "Cifuentes", "Contreras", "Cuesta", "Delgado", "Escribano", "Escudero", "Fajardo", "Fuentes",
    "Gallardo", "Garrido", "Herrero", "Hidalgo", "Honrubia", "Izquierdo", "Jaramillo", "Lozano", "Luengo", "Manzano",
    "Marchante", "Molina", "Montero", "Moraleda", "Nieto", "Olivares", "Orozco", "Pacheco", "Palomares", "Pardo",
    "Peñalver", "Quesada", "Quintana", "Rebollo", "Requena", "Robles", "Saavedra", "Sahuquillo", "Salcedo", "Serrano",
    "Tejada", "Toledano", "Toribio", "Urbina", "Valverde", "Vela", "Villodre", "Yuste", "Zamorano", "Zarza",
    "Zorrilla",
)  # fmt: skip

# Collective accreditations: (category, name, how many).
FLEETS: tuple[tuple[Category, str, int], ...] = (
    ("taxi", "Taxi {n}, Radio Taxi Villaserena", 13),
    ("delivery", "Furgoneta {n}, Repartos La Noguera", 5),
    ("delivery", "Furgoneta {n}, Pan de Villaserena", 3),
    ("delivery", "Camión {n}, Almacenes El Telar", 4),
    ("delivery", "Bicicarga {n}, Cooperativa Rodada", 3),
    ("ambulance", "Ambulancia {n}, Hospital Comarcal", 6),
    ("ambulance", "Transporte adaptado {n}, Hospital Comarcal", 2),
    ("authority", "Vehículo oficial {n}, Ayuntamiento", 4),
    ("authority", "Patrulla {n}, Policía Local", 4),
)

# Other towns whose guests declare a card; invented, but for the last two with the names of lands.
GUEST_ISSUERS = (
    "Ayuntamiento de Peñalara del Río", "Ayuntamiento de Montejar", "Ayuntamiento de Fuentelarga",
    "Ayuntamiento de Torrealba", "Ayuntamiento de Casas del Monte", "Ayuntamiento de Almadenes",
    "Câmara Municipal de Ribamar", "Mairie de Saint-Alban-sur-Lys",
)  # fmt: skip

# Landmarks: (name, what draws people there, wished place of the plan).
LANDMARKS: tuple[tuple[str, Surroundings, float, float], ...] = (
    ("Ayuntamiento", "centre", -120, 40), ("Juzgados", "centre", -210, 120),
    ("Biblioteca Municipal", "centre", -20, 110), ("Calle Mayor comercial", "shops", -60, 10),
    ("Mercado de Abastos", "market", 180, 60), ("Hospital Comarcal", "health", 10, 400),
    ("Centro de Salud Tenerías", "health", 30, -240), ("Centro de Salud Arrabal", "health", -190, -470),
    ("Estación de Villaserena", "station", -560, 30), ("Estación de Autobuses", "station", -420, -190),
    ("Polideportivo Municipal", "leisure", 330, -470), ("Parque de la Alameda", "leisure", 450, 60),
    ("Teatro Cervera", "leisure", 90, -90), ("Galerías del Ensanche", "shops", -380, 330),
    ("Residencia San Roque", "residential", 430, -200),
)  # fmt: skip
