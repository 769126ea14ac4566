//! What Windows says in each language. Labels of `ipconfig` have their dots, as the program's own texts do.

use crate::lab::world::Language;

/// The words of `ipconfig /all` and of `cmd.exe` in one language.
pub(super) struct Words {
    pub(super) title: &'static str,
    pub(super) host: &'static str,
    pub(super) suffix: &'static str,
    pub(super) node: [&'static str; 2],
    pub(super) routing: &'static str,
    pub(super) proxy: &'static str,
    /// Before and after the name of an adapter.
    pub(super) adapter: [&'static str; 2],
    pub(super) media: [&'static str; 2],
    pub(super) own_suffix: &'static str,
    pub(super) description: &'static str,
    pub(super) physical: &'static str,
    pub(super) dhcp: &'static str,
    pub(super) automatic: &'static str,
    pub(super) link_local: &'static str,
    pub(super) address: &'static str,
    pub(super) preferred: &'static str,
    pub(super) mask: &'static str,
    pub(super) lease: [&'static str; 2],
    pub(super) gateway: &'static str,
    pub(super) dhcp_server: &'static str,
    pub(super) dns: &'static str,
    pub(super) netbios: [&'static str; 2],
    pub(super) yes: &'static str,
    pub(super) no: &'static str,
    /// Before and after the name of a command that is not there.
    pub(super) unknown: [&'static str; 2],
    pub(super) no_file: &'static str,
}

pub(super) fn of(language: Language) -> &'static Words {
    match language {
        Language::En => &ENGLISH,
        Language::De => &GERMAN,
        Language::Fr => &FRENCH,
        Language::Ja => &JAPANESE,
    }
}

const ENGLISH: Words = Words {
    title: "Windows IP Configuration",
    host: "Host Name . . . . . . . . . . . . :",
    suffix: "Primary Dns Suffix  . . . . . . . :",
    node: ["Node Type . . . . . . . . . . . . :", "Hybrid"],
    routing: "IP Routing Enabled. . . . . . . . :",
    proxy: "WINS Proxy Enabled. . . . . . . . :",
    adapter: ["Ethernet adapter ", ":"],
    media: ["Media State . . . . . . . . . . . :", "Media disconnected"],
    own_suffix: "Connection-specific DNS Suffix  . :",
    description: "Description . . . . . . . . . . . :",
    physical: "Physical Address. . . . . . . . . :",
    dhcp: "DHCP Enabled. . . . . . . . . . . :",
    automatic: "Autoconfiguration Enabled . . . . :",
    link_local: "Link-local IPv6 Address . . . . . :",
    address: "IPv4 Address. . . . . . . . . . . :",
    preferred: "(Preferred)",
    mask: "Subnet Mask . . . . . . . . . . . :",
    lease: ["Lease Obtained. . . . . . . . . . :", "Lease Expires . . . . . . . . . . :"],
    gateway: "Default Gateway . . . . . . . . . :",
    dhcp_server: "DHCP Server . . . . . . . . . . . :",
    dns: "DNS Servers . . . . . . . . . . . :",
    netbios: ["NetBIOS over Tcpip. . . . . . . . :", "Enabled"],
    yes: "Yes",
    no: "No",
    unknown: ["'", "' is not recognized as an internal or external command,\r\noperable program or batch file."],
    no_file: "The system cannot find the file specified.",
};

const GERMAN: Words = Words {
    title: "Windows-IP-Konfiguration",
    host: "Hostname  . . . . . . . . . . . . :",
    suffix: "Primäres DNS-Suffix . . . . . . . :",
    node: ["Knotentyp . . . . . . . . . . . . :", "Hybrid"],
    routing: "IP-Routing aktiviert  . . . . . . :",
    proxy: "WINS-Proxy aktiviert  . . . . . . :",
    adapter: ["Ethernet-Adapter ", ":"],
    media: ["Medienstatus. . . . . . . . . . . :", "Medium getrennt"],
    own_suffix: "Verbindungsspezifisches DNS-Suffix:",
    description: "Beschreibung. . . . . . . . . . . :",
    physical: "Physische Adresse . . . . . . . . :",
    dhcp: "DHCP aktiviert. . . . . . . . . . :",
    automatic: "Autokonfiguration aktiviert . . . :",
    link_local: "Verbindungslokale IPv6-Adresse  . :",
    address: "IPv4-Adresse  . . . . . . . . . . :",
    preferred: "(Bevorzugt)",
    mask: "Subnetzmaske  . . . . . . . . . . :",
    lease: ["Lease erhalten. . . . . . . . . . :", "Lease läuft ab. . . . . . . . . . :"],
    gateway: "Standardgateway . . . . . . . . . :",
    dhcp_server: "DHCP-Server . . . . . . . . . . . :",
    dns: "DNS-Server  . . . . . . . . . . . :",
    netbios: ["NetBIOS über TCP/IP . . . . . . . :", "Aktiviert"],
    yes: "Ja",
    no: "Nein",
    unknown: ["Der Befehl \"", "\" ist entweder falsch geschrieben oder\r\nkonnte nicht gefunden werden."],
    no_file: "Das System kann die angegebene Datei nicht finden.",
};

const FRENCH: Words = Words {
    title: "Configuration IP de Windows",
    host: "Nom de l'hôte . . . . . . . . . . :",
    suffix: "Suffixe DNS principal . . . . . . :",
    node: ["Type de noeud. . . . . . . . . .  :", "Hybride"],
    routing: "Routage IP activé . . . . . . . . :",
    proxy: "Proxy WINS activé . . . . . . . . :",
    adapter: ["Carte Ethernet ", " :"],
    media: ["Statut du média. . . . . . . . . . . . :", "Média déconnecté"],
    own_suffix: "Suffixe DNS propre à la connexion. . . :",
    description: "Description. . . . . . . . . . . . . . :",
    physical: "Adresse physique . . . . . . . . . . . :",
    dhcp: "DHCP activé. . . . . . . . . . . . . . :",
    automatic: "Configuration automatique activée. . . :",
    link_local: "Adresse IPv6 de liaison locale. . . . .:",
    address: "Adresse IPv4. . . . . . . . . . . . . .:",
    preferred: "(préféré)",
    mask: "Masque de sous-réseau. . . . . . . . . :",
    lease: ["Bail obtenu. . . . . . . . . . . . . . :", "Bail expirant. . . . . . . . . . . . . :"],
    gateway: "Passerelle par défaut. . . . . . . . . :",
    dhcp_server: "Serveur DHCP . . . . . . . . . . . . . :",
    dns: "Serveurs DNS. . .  . . . . . . . . . . :",
    netbios: ["NetBIOS sur Tcpip. . . . . . . . . . . :", "Activé"],
    yes: "Oui",
    no: "Non",
    unknown: [
        "'",
        "' n'est pas reconnu en tant que commande interne\r\nou externe, un programme exécutable ou un fichier de commandes.",
    ],
    no_file: "Le fichier spécifié est introuvable.",
};

const JAPANESE: Words = Words {
    title: "Windows IP 構成",
    host: "ホスト名. . . . . . . . . . . . . . .:",
    suffix: "プライマリ DNS サフィックス . . . . .:",
    node: ["ノード タイプ . . . . . . . . . . . .:", "ハイブリッド"],
    routing: "IP ルーティング有効 . . . . . . . . .:",
    proxy: "WINS プロキシ有効 . . . . . . . . . .:",
    adapter: ["イーサネット アダプター ", ":"],
    media: ["メディアの状態. . . . . . . . . . . .:", "メディアは接続されていません"],
    own_suffix: "接続固有の DNS サフィックス . . . . .:",
    description: "説明. . . . . . . . . . . . . . . . .:",
    physical: "物理アドレス. . . . . . . . . . . . .:",
    dhcp: "DHCP 有効 . . . . . . . . . . . . . .:",
    automatic: "自動構成有効. . . . . . . . . . . . .:",
    link_local: "リンクローカル IPv6 アドレス. . . . .:",
    address: "IPv4 アドレス . . . . . . . . . . . .:",
    preferred: "(優先)",
    mask: "サブネット マスク . . . . . . . . . .:",
    lease: ["リース取得. . . . . . . . . . . . . .:", "リースの有効期限. . . . . . . . . . .:"],
    gateway: "デフォルト ゲートウェイ . . . . . . .:",
    dhcp_server: "DHCP サーバー . . . . . . . . . . . .:",
    dns: "DNS サーバー. . . . . . . . . . . . .:",
    netbios: ["NetBIOS over TCP/IP . . . . . . . . .:", "有効"],
    yes: "はい",
    no: "いいえ",
    unknown: [
        "'",
        "' は、内部コマンドまたは外部コマンド、\r\n操作可能なプログラムまたはバッチ ファイルとして認識されていません。",
    ],
    no_file: "指定されたファイルが見つかりません。",
};

/// A text as a console of the language writes it: German and French in code page 850, so that what is not ASCII is no
/// UTF-8; the others as they are.
pub(super) fn encoded(language: Language, text: &str) -> Vec<u8> {
    match language {
        Language::De | Language::Fr => text.chars().flat_map(in_code_page_850).collect(),
        Language::En | Language::Ja => text.as_bytes().to_vec(),
    }
}

fn in_code_page_850(letter: char) -> Vec<u8> {
    const LETTERS: [(char, u8); 14] = [
        ('ü', 0x81),
        ('é', 0x82),
        ('ä', 0x84),
        ('à', 0x85),
        ('ç', 0x87),
        ('ê', 0x88),
        ('è', 0x8a),
        ('î', 0x8c),
        ('Ä', 0x8e),
        ('ô', 0x93),
        ('ö', 0x94),
        ('Ö', 0x99),
        ('Ü', 0x9a),
        ('ß', 0xe1),
    ];
    let known = LETTERS.iter().find(|(one, _)| *one == letter).map(|(_, byte)| vec![*byte]);
    known.unwrap_or_else(|| letter.to_string().into_bytes())
}
