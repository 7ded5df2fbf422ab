/* Events of Windows and of Sysmon for Linux as XML: names, texts, what is odd or cut off. */
#include "source/log/event_xml.h"
#include "unit/cmocka_all.h"

static char got[4096]; /* "name=value|" of each field */

static bool read_fields(const char *xml, struct record *r)
{
    static char copy[65536];
    struct buf room = BUF_INIT(1 << 20);
    size_t n = 0;
    snprintf(copy, sizeof(copy), "%s", xml);
    bool whole = event_xml_fields(span_of(copy), &room, r);
    got[0] = '\0';
    for (size_t i = 0; i < r->fields_n && n < sizeof(got); i++)
        n += (size_t)snprintf(got + n, sizeof(got) - n, "%.*s=%.*s|", (int)r->fields[i].name.n,
                              r->fields[i].name.p, (int)r->fields[i].value.n, r->fields[i].value.p);
    buf_release(&room);
    return whole;
}

static void test_fields(void **state)
{
    (void)state;
    static const struct {
        const char *xml, *fields;
    } rows[] = {
        {"<Event><System><Provider Name=\"Linux-Sysmon\" Guid=\"{ff}\"/><EventID>1</EventID>"
         "<Correlation/><Channel>Linux-Sysmon/Operational</Channel>"
         "<Execution ProcessID='7' ThreadID='8'/></System><EventData>"
         "<Data Name=\"RuleName\">-</Data><Data Name=\"CommandLine\">a &lt;b&gt; &amp;&amp; "
         "&quot;c&quot;</Data><Data Name=\"Empty\"></Data><Data "
         "Name=\"None\"/></EventData></Event>",
         "Provider_Name=Linux-Sysmon|Provider_Guid={ff}|EventID=1|Channel=Linux-Sysmon/Operational|"
         "Execution_ProcessID=7|Execution_ThreadID=8|RuleName=-|CommandLine=a <b> && \"c\"|Empty=|"
         "None=|"},
        {"<Event xmlns='x'><System><EventID Qualifiers='5'>104</EventID><Channel>System</Channel>"
         "</System><UserData><LogFileCleared xmlns='y'><Channel>Other</Channel><User>u</User>"
         "</LogFileCleared></UserData></Event>",
         "EventID_Qualifiers=5|EventID=104|Channel=Other|User=u|"},
        {"<Event><EventData><Data>one</Data><Data>two</Data><Binary>00</Binary></EventData>",
         "Data=one|Data=two|Binary=00|"},
        {"<Event><EventData><Data Name='a'>&#65;&#x42;&#xe9;&#x20ac;&#x1f600;</Data>",
         "a=AB\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80|"},
        {"<Event><EventData><Data Name='a'>&nope; &#; &#xzz; &#x110000; & &amp</Data>",
         "a=&nope; &#; &#xzz; &#x110000; & &amp|"},
        {"<Event><RenderingInfo><Message>x</Message></RenderingInfo></Event>", ""},
        {"<Event><System", ""},
        {"<Event><System><EventID>1", ""},
        {"<Event><EventData><Data Name=>x</Data><Data Name=\"y>z</Data></EventData>",
         "Data=x|y=z|"},
        {"<Event><EventData/><Data>x</Data></Event>", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct record r = {.fields_n = 0};
        assert_true(event_xml_is(span_of(rows[i].xml)));
        assert_true(read_fields(rows[i].xml, &r));
        assert_string_equal(got, rows[i].fields);
    }
    assert_false(event_xml_is(SPAN("<Events>")));
    assert_false(event_xml_is(SPAN("an <Event>")));
}

/* More fields than a record takes, and attributes whose names would take more room than the text.
 */
static void test_bounds(void **state)
{
    (void)state;
    static char xml[60000];
    struct record r = {.fields_n = 2};
    size_t n = (size_t)snprintf(xml, sizeof(xml), "<Event><EventData>");
    for (int i = 0; i < 200; i++)
        n += (size_t)snprintf(xml + n, sizeof(xml) - n, "<Data Name='f%d'>%d</Data>", i, i);
    r.fields[0] = r.fields[1] = (struct record_field){SPAN("own"), SPAN("x")};
    assert_false(read_fields(xml, &r));
    assert_int_equal(r.fields_n, RECORD_FIELDS_MAX);
    assert_non_null(strstr(got, "own=x|own=x|f0=0|f1=1|"));

    n = (size_t)snprintf(xml, sizeof(xml), "<Event><System><");
    memset(xml + n, 'n', 2000);
    n += 2000;
    for (int i = 0; i < 20; i++)
        n += (size_t)snprintf(xml + n, sizeof(xml) - n, " a='%d'", i);
    snprintf(xml + n, sizeof(xml) - n, ">");
    r.fields_n = 0;
    assert_false(read_fields(xml, &r));
    assert_in_range(r.fields_n, 1, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
