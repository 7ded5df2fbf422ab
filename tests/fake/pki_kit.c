#include "unit/pki_kit.h"

const char pki_ca[] = "-----BEGIN CERTIFICATE-----\n"
                      "MIIBRzCB7aADAgECAgMKvAEwCgYIKoZIzj0EAwIwEjEQMA4GA1UEAwwHVGVzdCBD\n"
                      "QTAeFw0yNjAxMDEwMDAwMDBaFw0yNjA0MDEwMDAwMDBaMBIxEDAOBgNVBAMMB1Rl\n"
                      "c3QgQ0EwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQ5lKm+kNugO8mOl9X4EDp9\n"
                      "Dp613ws+QzwupQWHycMn+Mj7d/JobSm8B9QnWzC7pBoC6acG0SZfkGAUvAVrGtr4\n"
                      "ozIwMDAPBgNVHRMBAf8EBTADAQH/MB0GA1UdDgQWBBTpDLJgIls/CkjNcuYhrVR/\n"
                      "daDIOjAKBggqhkjOPQQDAgNJADBGAiEA4IL1iS6gI6+YY3eZo9DyBZfYNL8524XS\n"
                      "02ZQV4pQqpICIQCimi9upFfJJS08kAQccZHwuVLANobeOM5ywgHzhl+ZBw==\n"
                      "-----END CERTIFICATE-----\n";

const char pki_other_ca[] = "-----BEGIN CERTIFICATE-----\n"
                            "MIIBaTCCAQ+gAwIBAgIDCrwBMAoGCCqGSM49BAMCMBIxEDAOBgNVBAMMB1Rlc3Qg\n"
                            "Q0EwHhcNMjYwMTAxMDAwMDAwWhcNMjYwNDAxMDAwMDAwWjATMREwDwYDVQQDDAhP\n"
                            "dGhlciBDQTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABL3CjGy+rWLTkuc3bp+D\n"
                            "YD2igPDxvyCmcilcxPNBcXa7akP86OubSG19mFRhowxvAOOKOO1c3z22S4htLWCR\n"
                            "dTujUzBRMA8GA1UdEwEB/wQFMAMBAf8wHQYDVR0OBBYEFHyLPgApJfY8gMTBhk0s\n"
                            "mpawXcuhMB8GA1UdIwQYMBaAFOkMsmAiWz8KSM1y5iGtVH91oMg6MAoGCCqGSM49\n"
                            "BAMCA0gAMEUCIQCpsxOgvcVxU+sIG/OAkYF5x7JNrQH9Wn/cHpIzxmQZcQIgMZRz\n"
                            "8fbolOw4RE5mWOTTNjuiqRNIGfQDmifNX07aLDs=\n"
                            "-----END CERTIFICATE-----\n";

const char pki_own[] = "-----BEGIN CERTIFICATE-----\n"
                       "MIIBhDCCASmgAwIBAgIDCrwBMAoGCCqGSM49BAMCMBIxEDAOBgNVBAMMB1Rlc3Qg\n"
                       "Q0EwHhcNMjYwMTAxMDAwMDAwWhcNMjYwNDAxMDAwMDAwWjAzMQ0wCwYDVQQDDARw\n"
                       "Yy0xMREwDwYDVQQLDAhlbmRwb2ludDEPMA0GA1UECgwGTVgtU0FUMFkwEwYHKoZI\n"
                       "zj0CAQYIKoZIzj0DAQcDQgAEvcKMbL6tYtOS5zdun4NgPaKA8PG/IKZyKVzE80Fx\n"
                       "drtqQ/zo65tIbX2YVGGjDG8A44o47VzfPbZLiG0tYJF1O6NNMEswCQYDVR0TBAIw\n"
                       "ADAdBgNVHQ4EFgQUfIs+ACkl9jyAxMGGTSyalrBdy6EwHwYDVR0jBBgwFoAU6Qyy\n"
                       "YCJbPwpIzXLmIa1Uf3WgyDowCgYIKoZIzj0EAwIDSQAwRgIhAK8Bscgp2N9WtR37\n"
                       "l/aOu1aobtjOgtqRNcIZeL+tZS6qAiEAoZIWXdUuQKTd+PJ18NEuxhKdoIfUFwfm\n"
                       "ndgND7kAJrQ=\n"
                       "-----END CERTIFICATE-----\n";

const char pki_key[] = "-----BEGIN EC PRIVATE KEY-----\n"
                       "MHcCAQEEIB2XUjaMtJxdpKyVRjxEIq2DzaDyec6cMVoG2Z0qS8naoAoGCCqGSM49\n"
                       "AwEHoUQDQgAEvcKMbL6tYtOS5zdun4NgPaKA8PG/IKZyKVzE80FxdrtqQ/zo65tI\n"
                       "bX2YVGGjDG8A44o47VzfPbZLiG0tYJF1Ow==\n"
                       "-----END EC PRIVATE KEY-----\n";

const char pki_soc[] = "-----BEGIN CERTIFICATE-----\n"
                       "MIIBgjCCASegAwIBAgIDCrwBMAoGCCqGSM49BAMCMBIxEDAOBgNVBAMMB1Rlc3Qg\n"
                       "Q0EwHhcNMjYwMTAxMDAwMDAwWhcNMjYwNDAxMDAwMDAwWjAxMRAwDgYDVQQDDAd3\n"
                       "YXRjaGVyMQwwCgYDVQQLDANzb2MxDzANBgNVBAoMBk1YLVNPQzBZMBMGByqGSM49\n"
                       "AgEGCCqGSM49AwEHA0IABL3CjGy+rWLTkuc3bp+DYD2igPDxvyCmcilcxPNBcXa7\n"
                       "akP86OubSG19mFRhowxvAOOKOO1c3z22S4htLWCRdTujTTBLMAkGA1UdEwQCMAAw\n"
                       "HQYDVR0OBBYEFHyLPgApJfY8gMTBhk0smpawXcuhMB8GA1UdIwQYMBaAFOkMsmAi\n"
                       "Wz8KSM1y5iGtVH91oMg6MAoGCCqGSM49BAMCA0kAMEYCIQCTbu+IB9OoT59BAYXJ\n"
                       "bMaf8StMe/zImA0q0oOSkPVYogIhAIKuIG6U4IAe22FDMHz0tQnm+0vm2P6QWLOS\n"
                       "lwymkAif\n"
                       "-----END CERTIFICATE-----\n";

const char pki_short_subject[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBcTCCARigAwIBAgIDCrwBMAoGCCqGSM49BAMCMBIxEDAOBgNVBAMMB1Rlc3Qg\n"
    "Q0EwHhcNMjYwMTAxMDAwMDAwWhcNMjYwNDAxMDAwMDAwWjAiMQ0wCwYDVQQDDARw\n"
    "Yy0xMREwDwYDVQQLDAhlbmRwb2ludDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IA\n"
    "BL3CjGy+rWLTkuc3bp+DYD2igPDxvyCmcilcxPNBcXa7akP86OubSG19mFRhowxv\n"
    "AOOKOO1c3z22S4htLWCRdTujTTBLMAkGA1UdEwQCMAAwHQYDVR0OBBYEFHyLPgAp\n"
    "JfY8gMTBhk0smpawXcuhMB8GA1UdIwQYMBaAFOkMsmAiWz8KSM1y5iGtVH91oMg6\n"
    "MAoGCCqGSM49BAMCA0cAMEQCIF/bv4kJ4xQZmxsuDe3HfZRJsRkQF6AuOpj8SJTS\n"
    "ImTNAiA1nqZW5/r64mCo94AcKOzGLh+uDYyjWW9p3WjXuATYuQ==\n"
    "-----END CERTIFICATE-----\n";

const char pki_long_subject[] = "-----BEGIN CERTIFICATE-----\n"
                                "MIIBjzCCATagAwIBAgIDCrwBMAoGCCqGSM49BAMCMBIxEDAOBgNVBAMMB1Rlc3Qg\n"
                                "Q0EwHhcNMjYwMTAxMDAwMDAwWhcNMjYwNDAxMDAwMDAwWjBAMQ0wCwYDVQQDDARw\n"
                                "Yy0xMREwDwYDVQQLDAhlbmRwb2ludDEPMA0GA1UECgwGTVgtU0FUMQswCQYDVQQG\n"
                                "EwJNWDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABL3CjGy+rWLTkuc3bp+DYD2i\n"
                                "gPDxvyCmcilcxPNBcXa7akP86OubSG19mFRhowxvAOOKOO1c3z22S4htLWCRdTuj\n"
                                "TTBLMAkGA1UdEwQCMAAwHQYDVR0OBBYEFHyLPgApJfY8gMTBhk0smpawXcuhMB8G\n"
                                "A1UdIwQYMBaAFOkMsmAiWz8KSM1y5iGtVH91oMg6MAoGCCqGSM49BAMCA0cAMEQC\n"
                                "IAOz1xS0uGBBrOlYmOQC8k5Qp0qfyZLTUPMst5yY763RAiAy3vZywutf2iwitNbx\n"
                                "kCmKa0UZKXlJ5RJfaG7DGT6baQ==\n"
                                "-----END CERTIFICATE-----\n";

const char pki_p384[] = "-----BEGIN CERTIFICATE-----\n"
                        "MIIBoDCCAUagAwIBAgIDCrwBMAoGCCqGSM49BAMCMBIxEDAOBgNVBAMMB1Rlc3Qg\n"
                        "Q0EwHhcNMjYwMTAxMDAwMDAwWhcNMjYwNDAxMDAwMDAwWjAzMQ0wCwYDVQQDDARw\n"
                        "Yy0xMREwDwYDVQQLDAhlbmRwb2ludDEPMA0GA1UECgwGTVgtU0FUMHYwEAYHKoZI\n"
                        "zj0CAQYFK4EEACIDYgAEHtMI3S/YxRfQr2JsYPsTD4cDpzRJVLxASO+sGRlDMxVy\n"
                        "sFLaVjYBHNB+oQabB42ioz5ENK1p6biFechIXvWUmSD3sE30Pera9TWk2KNnome8\n"
                        "XLaRW40wBWY6xNpMQ1UGo00wSzAJBgNVHRMEAjAAMB0GA1UdDgQWBBTNNIKEOB5l\n"
                        "4CPllrfwhxNfVyAUqjAfBgNVHSMEGDAWgBTpDLJgIls/CkjNcuYhrVR/daDIOjAK\n"
                        "BggqhkjOPQQDAgNIADBFAiBsHotGaOWxahn4jcTvcqZqv17jzbkdGZmunRyr99La\n"
                        "7wIhAP2CTTSacu10pInt2Q8YlWL3sh1jLP+W9oEMX1v7AW5c\n"
                        "-----END CERTIFICATE-----\n";

const char pki_p384_key[] = "-----BEGIN EC PRIVATE KEY-----\n"
                            "MIGkAgEBBDDSKQIyBmVbwXd8Of7L3wIOzEJdBmQw0sJoJoq3DQs3nkMBbgwi4hc/\n"
                            "GL3GTybLolagBwYFK4EEACKhZANiAAQe0wjdL9jFF9CvYmxg+xMPhwOnNElUvEBI\n"
                            "76wZGUMzFXKwUtpWNgEc0H6hBpsHjaKjPkQ0rWnpuIV5yEhe9ZSZIPewTfQ96tr1\n"
                            "NaTYo2eiZ7xctpFbjTAFZjrE2kxDVQY=\n"
                            "-----END EC PRIVATE KEY-----\n";

const char pki_other_key[] = "-----BEGIN EC PRIVATE KEY-----\n"
                             "MHcCAQEEICMzAUjrOZgppxS7hFGhOJpdtKm1wP3BWwBYTDp/R4L+oAoGCCqGSM49\n"
                             "AwEHoUQDQgAEOZSpvpDboDvJjpfV+BA6fQ6etd8LPkM8LqUFh8nDJ/jI+3fyaG0p\n"
                             "vAfUJ1swu6QaAumnBtEmX5BgFLwFaxra+A==\n"
                             "-----END EC PRIVATE KEY-----\n";

const char pki_authority[] = "-----BEGIN PUBLIC KEY-----\n"
                             "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEOZSpvpDboDvJjpfV+BA6fQ6etd8L\n"
                             "PkM8LqUFh8nDJ/jI+3fyaG0pvAfUJ1swu6QaAumnBtEmX5BgFLwFaxra+A==\n"
                             "-----END PUBLIC KEY-----\n";

const char pki_issuer[] = "-----BEGIN CERTIFICATE-----\n"
                          "MIIBvDCCAWGgAwIBAgIQQP+OGN8PXS3hJvrMHCVC1TAKBggqhkjOPQQDAjAtMQ4w\n"
                          "DAYDVQQKDAVWaWdpYTEbMBkGA1UEAwwSVmlnaWEgRW5kcG9pbnRzIENBMB4XDTI2\n"
                          "MDEwMTAwMDAwMFoXDTI2MDQwMTAwMDAwMFowLTEOMAwGA1UECgwFVmlnaWExGzAZ\n"
                          "BgNVBAMMElZpZ2lhIEVuZHBvaW50cyBDQTBZMBMGByqGSM49AgEGCCqGSM49AwEH\n"
                          "A0IABJOBZ8uKL84pBKt0j/y/AftmUQS31THkySrB1pndyGuzt7T825LVfRaWnAsU\n"
                          "ir8/OdodS6ErJLUmeB11FKlV+JajYzBhMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0P\n"
                          "AQH/BAQDAgEGMB0GA1UdDgQWBBQrSlIKtVsHbj9Pg3Z6SssEcfBPsDAfBgNVHSME\n"
                          "GDAWgBQrSlIKtVsHbj9Pg3Z6SssEcfBPsDAKBggqhkjOPQQDAgNJADBGAiEAvtGd\n"
                          "k5nXN/DgrFhlGKuGFtTOMqquYdwXFT1cbB+j260CIQD2HtE/vN0jEO2XW+z28GlO\n"
                          "v6+xOuk8TmM1Vr7bz4H4Nw==\n"
                          "-----END CERTIFICATE-----\n";

const char pki_other_issuer[] = "-----BEGIN CERTIFICATE-----\n"
                                "MIIBuzCCAWGgAwIBAgIQQKltvxD3Uu2WvEegtA4MyTAKBggqhkjOPQQDAjAtMQ4w\n"
                                "DAYDVQQKDAVWaWdpYTEbMBkGA1UEAwwSVmlnaWEgRW5kcG9pbnRzIENBMB4XDTI2\n"
                                "MDEwMTAwMDAwMFoXDTI2MDQwMTAwMDAwMFowLTEOMAwGA1UECgwFVmlnaWExGzAZ\n"
                                "BgNVBAMMElZpZ2lhIEVuZHBvaW50cyBDQTBZMBMGByqGSM49AgEGCCqGSM49AwEH\n"
                                "A0IABIk/pMp27aHFtTUtVsWo2cZ6jFIKNsFbGj4mEMQ2A0Z7us2eL55J8YIl+Nkg\n"
                                "X9kBvsDM/UYqQXrMINnCNT8yafujYzBhMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0P\n"
                                "AQH/BAQDAgEGMB0GA1UdDgQWBBSO2B9R2u/FkDgCXJFfhR+5cmmK6TAfBgNVHSME\n"
                                "GDAWgBSO2B9R2u/FkDgCXJFfhR+5cmmK6TAKBggqhkjOPQQDAgNIADBFAiBS/T8m\n"
                                "4JaLf2fx1YFKzcpga2xOn3fquB6fcoLjNXsZfwIhAIn+UsCsKW5fxHOKqj+Ojogz\n"
                                "IIJtUU9A/itCHadIBOyb\n"
                                "-----END CERTIFICATE-----\n";

const char pki_issued[] = "-----BEGIN CERTIFICATE-----\n"
                          "MIIB0zCCAXmgAwIBAgIQQKmR5JwU85zy8aObCHScGTAKBggqhkjOPQQDAjAtMQ4w\n"
                          "DAYDVQQKDAVWaWdpYTEbMBkGA1UEAwwSVmlnaWEgRW5kcG9pbnRzIENBMB4XDTI2\n"
                          "MDEwMTAwMDAwMFoXDTI2MDQwMTAwMDAwMFowMzEPMA0GA1UECgwGTVgtU0FUMREw\n"
                          "DwYDVQQLDAhlbmRwb2ludDENMAsGA1UEAwwEcGMtMTBZMBMGByqGSM49AgEGCCqG\n"
                          "SM49AwEHA0IABL3CjGy+rWLTkuc3bp+DYD2igPDxvyCmcilcxPNBcXa7akP86Oub\n"
                          "SG19mFRhowxvAOOKOO1c3z22S4htLWCRdTujdTBzMAwGA1UdEwEB/wQCMAAwDgYD\n"
                          "VR0PAQH/BAQDAgeAMB0GA1UdDgQWBBR8iz4AKSX2PIDEwYZNLJqWsF3LoTAfBgNV\n"
                          "HSMEGDAWgBQrSlIKtVsHbj9Pg3Z6SssEcfBPsDATBgNVHSUEDDAKBggrBgEFBQcD\n"
                          "AjAKBggqhkjOPQQDAgNIADBFAiEAkEQUMTcYFJXfx+vFvoZek8bashvWfMycrk5G\n"
                          "ftRO9pgCIA8v3rX5N3zSSagqKJJVQalkyla34ODNXLQ1oV0MdlTq\n"
                          "-----END CERTIFICATE-----\n";

const char pki_issued_forged[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIB1DCCAXmgAwIBAgIQQIbfqF0VJ7QLWXc7C/+m7DAKBggqhkjOPQQDAjAtMQ4w\n"
    "DAYDVQQKDAVWaWdpYTEbMBkGA1UEAwwSVmlnaWEgRW5kcG9pbnRzIENBMB4XDTI2\n"
    "MDEwMTAwMDAwMFoXDTI2MDQwMTAwMDAwMFowMzEPMA0GA1UECgwGTVgtU0FUMREw\n"
    "DwYDVQQLDAhlbmRwb2ludDENMAsGA1UEAwwEcGMtMTBZMBMGByqGSM49AgEGCCqG\n"
    "SM49AwEHA0IABL3CjGy+rWLTkuc3bp+DYD2igPDxvyCmcilcxPNBcXa7akP86Oub\n"
    "SG19mFRhowxvAOOKOO1c3z22S4htLWCRdTujdTBzMAwGA1UdEwEB/wQCMAAwDgYD\n"
    "VR0PAQH/BAQDAgeAMB0GA1UdDgQWBBR8iz4AKSX2PIDEwYZNLJqWsF3LoTAfBgNV\n"
    "HSMEGDAWgBSO2B9R2u/FkDgCXJFfhR+5cmmK6TATBgNVHSUEDDAKBggrBgEFBQcD\n"
    "AjAKBggqhkjOPQQDAgNJADBGAiEA5sQ/qPLgJy9h6ZaTTTPwUPfZx8DzuZcV9Jrw\n"
    "RpwIt+4CIQCDk0G3QCnjLHaXbhyqfn3BBivDDpU+q/LfAY95FQCzuA==\n"
    "-----END CERTIFICATE-----\n";

const char pki_issued_server[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIB0zCCAXmgAwIBAgIQQO6s++Jy7YOPR2KPPKuNJjAKBggqhkjOPQQDAjAtMQ4w\n"
    "DAYDVQQKDAVWaWdpYTEbMBkGA1UEAwwSVmlnaWEgRW5kcG9pbnRzIENBMB4XDTI2\n"
    "MDEwMTAwMDAwMFoXDTI2MDQwMTAwMDAwMFowMzEPMA0GA1UECgwGTVgtU0FUMREw\n"
    "DwYDVQQLDAhlbmRwb2ludDENMAsGA1UEAwwEcGMtMTBZMBMGByqGSM49AgEGCCqG\n"
    "SM49AwEHA0IABL3CjGy+rWLTkuc3bp+DYD2igPDxvyCmcilcxPNBcXa7akP86Oub\n"
    "SG19mFRhowxvAOOKOO1c3z22S4htLWCRdTujdTBzMAwGA1UdEwEB/wQCMAAwDgYD\n"
    "VR0PAQH/BAQDAgeAMB0GA1UdDgQWBBR8iz4AKSX2PIDEwYZNLJqWsF3LoTAfBgNV\n"
    "HSMEGDAWgBQrSlIKtVsHbj9Pg3Z6SssEcfBPsDATBgNVHSUEDDAKBggrBgEFBQcD\n"
    "ATAKBggqhkjOPQQDAgNIADBFAiAkGaCQrlWDtCVc4YWUbeLhkPnZNdBUFrMkZV3K\n"
    "90OxlwIhAOFzugDTfx1eCd/U0LN5wopTgN9nqZI717wj9tzBtErw\n"
    "-----END CERTIFICATE-----\n";

const char pki_issued_name[] = "-----BEGIN CERTIFICATE-----\n"
                               "MIIB1DCCAXmgAwIBAgIQQCuUrn5wdTqZ/uI2LxNz6TAKBggqhkjOPQQDAjAtMQ4w\n"
                               "DAYDVQQKDAVWaWdpYTEbMBkGA1UEAwwSVmlnaWEgRW5kcG9pbnRzIENBMB4XDTI2\n"
                               "MDEwMTAwMDAwMFoXDTI2MDQwMTAwMDAwMFowMzEPMA0GA1UECgwGTVgtU0FUMREw\n"
                               "DwYDVQQLDAhlbmRwb2ludDENMAsGA1UEAwwEcGMtMjBZMBMGByqGSM49AgEGCCqG\n"
                               "SM49AwEHA0IABL3CjGy+rWLTkuc3bp+DYD2igPDxvyCmcilcxPNBcXa7akP86Oub\n"
                               "SG19mFRhowxvAOOKOO1c3z22S4htLWCRdTujdTBzMAwGA1UdEwEB/wQCMAAwDgYD\n"
                               "VR0PAQH/BAQDAgeAMB0GA1UdDgQWBBR8iz4AKSX2PIDEwYZNLJqWsF3LoTAfBgNV\n"
                               "HSMEGDAWgBQrSlIKtVsHbj9Pg3Z6SssEcfBPsDATBgNVHSUEDDAKBggrBgEFBQcD\n"
                               "AjAKBggqhkjOPQQDAgNJADBGAiEAv7m9UPaU86Wv2OfsP19g/szv9x2s1im23Wje\n"
                               "YHjfGzoCIQCKXmGDtJvNvb6ddeSC8GRiWA4b1JgOea2Rz0R1Yeu6yg==\n"
                               "-----END CERTIFICATE-----\n";

const char pki_issued_role[] = "-----BEGIN CERTIFICATE-----\n"
                               "MIIBzjCCAXSgAwIBAgIQQNRDuWrNVQTQLRN6fusnsjAKBggqhkjOPQQDAjAtMQ4w\n"
                               "DAYDVQQKDAVWaWdpYTEbMBkGA1UEAwwSVmlnaWEgRW5kcG9pbnRzIENBMB4XDTI2\n"
                               "MDEwMTAwMDAwMFoXDTI2MDQwMTAwMDAwMFowLjEPMA0GA1UECgwGTVgtU0FUMQww\n"
                               "CgYDVQQLDANzb2MxDTALBgNVBAMMBHBjLTEwWTATBgcqhkjOPQIBBggqhkjOPQMB\n"
                               "BwNCAAS9woxsvq1i05LnN26fg2A9ooDw8b8gpnIpXMTzQXF2u2pD/Ojrm0htfZhU\n"
                               "YaMMbwDjijjtXN89tkuIbS1gkXU7o3UwczAMBgNVHRMBAf8EAjAAMA4GA1UdDwEB\n"
                               "/wQEAwIHgDAdBgNVHQ4EFgQUfIs+ACkl9jyAxMGGTSyalrBdy6EwHwYDVR0jBBgw\n"
                               "FoAUK0pSCrVbB24/T4N2ekrLBHHwT7AwEwYDVR0lBAwwCgYIKwYBBQUHAwIwCgYI\n"
                               "KoZIzj0EAwIDSAAwRQIgCtpoIzz7CGwH0PsQxqAb9srmNqk1Z8zYsMZn4vP4oX0C\n"
                               "IQD4yovrGHTwKk0m1xFSrrPz2ceutYzBNWkMwm8rWIngmA==\n"
                               "-----END CERTIFICATE-----\n";

const char pki_next[] = "-----BEGIN CERTIFICATE-----\n"
                        "MIIB0jCCAXmgAwIBAgIQQId+hv5qBvavQoO7uqZAQDAKBggqhkjOPQQDAjAtMQ4w\n"
                        "DAYDVQQKDAVWaWdpYTEbMBkGA1UEAwwSVmlnaWEgRW5kcG9pbnRzIENBMB4XDTI2\n"
                        "MDMwMjAwMDAwMFoXDTI2MDUzMTAwMDAwMFowMzEPMA0GA1UECgwGTVgtU0FUMREw\n"
                        "DwYDVQQLDAhlbmRwb2ludDENMAsGA1UEAwwEcGMtMTBZMBMGByqGSM49AgEGCCqG\n"
                        "SM49AwEHA0IABO8Ts+9oie4beNh6Nsy5fW9KvvlIsuK6E4LRLUr0HgujuxOOIWsG\n"
                        "hYPsZlN9580wYlEMog23YKIJF34bMpDedJmjdTBzMAwGA1UdEwEB/wQCMAAwDgYD\n"
                        "VR0PAQH/BAQDAgeAMB0GA1UdDgQWBBQTaIr326tDOXh/gSJW2DKhzWhm0jAfBgNV\n"
                        "HSMEGDAWgBQrSlIKtVsHbj9Pg3Z6SssEcfBPsDATBgNVHSUEDDAKBggrBgEFBQcD\n"
                        "AjAKBggqhkjOPQQDAgNHADBEAiA33sckJk8v1dWBITi0bdQh3ipLg9uHI5EpYOGU\n"
                        "VmdPhAIgY3gLtXHikTL+jRfUQbDK1NVfqZcpabF0NAWM59+odQQ=\n"
                        "-----END CERTIFICATE-----\n";

const char pki_next_key[] = "-----BEGIN PRIVATE KEY-----\n"
                            "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgJOxWGI0YORaDduq1\n"
                            "EH91OdkfR4Dm/v+eLjEFpVcWbzWhRANCAATvE7PvaInuG3jYejbMuX1vSr75SLLi\n"
                            "uhOC0S1K9B4Lo7sTjiFrBoWD7GZTfefNMGJRDKINt2CiCRd+GzKQ3nSZ\n"
                            "-----END PRIVATE KEY-----\n";
