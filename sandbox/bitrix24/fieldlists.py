"""Fields of the card types, as the `*.fields` pages list them (reference, Appendix A).

One line is `NAME:type` or `NAME:type:flags`, flags joined by commas: req, ro, imm, mult, depr, item (known to
crm.item.* only), classic (known to the classic methods only), dead (always null), as=X (its name in a card),
dict=X (statusType), etid=N (settings.parentEntityTypeId). Names are those of the classic methods where a type has them.
"""

from __future__ import annotations

_UTM = "UTM_SOURCE:string UTM_MEDIUM:string UTM_CAMPAIGN:string UTM_CONTENT:string UTM_TERM:string"
_LAST = "LAST_ACTIVITY_TIME:datetime:ro LAST_ACTIVITY_BY:user:ro"
_MULTI = (
    "PHONE:crm_multifield:mult,classic EMAIL:crm_multifield:mult,classic WEB:crm_multifield:mult,classic "
    "IM:crm_multifield:mult,classic LINK:crm_multifield:mult,classic FM:crm_multifield:mult,item"
)
_HAS = "HAS_PHONE:char:ro HAS_EMAIL:char:ro HAS_IMOL:char:ro"
_ADDRESS = (
    "ADDRESS:string ADDRESS_2:string ADDRESS_CITY:string ADDRESS_POSTAL_CODE:string ADDRESS_REGION:string "
    "ADDRESS_PROVINCE:string ADDRESS_COUNTRY:string ADDRESS_COUNTRY_CODE:string ADDRESS_LOC_ADDR_ID:integer"
)
_BY = "ASSIGNED_BY_ID:user CREATED_BY_ID:user:ro MODIFY_BY_ID:user:ro DATE_CREATE:datetime:ro DATE_MODIFY:datetime:ro"
_ORIGIN = "ORIGINATOR_ID:string ORIGIN_ID:string"
_PERSON = "HONORIFIC:crm_status:dict=HONORIFIC NAME:string SECOND_NAME:string LAST_NAME:string BIRTHDATE:date"
_SOURCE = "SOURCE_ID:crm_status:dict=SOURCE SOURCE_DESCRIPTION:string"
_CLIENT = "COMPANY_ID:crm_company:etid=4 CONTACT_ID:crm_contact:depr CONTACT_IDS:crm_contact:mult CONTACTS:crm_contact:mult,item"
_MONEY = "CURRENCY_ID:crm_currency OPPORTUNITY:double IS_MANUAL_OPPORTUNITY:char"
_FLAT = (
    "PHONE_MOBILE:string:ro,item PHONE_WORK:string:ro,item PHONE_MAILING:string:ro,item EMAIL_HOME:string:ro,item "
    "EMAIL_WORK:string:ro,item EMAIL_MAILING:string:ro,item"
)
_ITEM = "OBSERVERS:user:mult,item WEBFORM_ID:integer:item"

LEAD = f"""
ID:integer:ro TITLE:string {_PERSON} COMPANY_TITLE:string {_SOURCE}
STATUS_ID:crm_status:dict=STATUS STATUS_DESCRIPTION:string STATUS_SEMANTIC_ID:string:ro POST:string {_ADDRESS}
{_MONEY} OPENED:char COMMENTS:string {_HAS} {_BY} MOVED_BY_ID:user:ro MOVED_TIME:datetime:ro {_CLIENT}
IS_RETURN_CUSTOMER:char:ro DATE_CLOSED:datetime:ro {_ORIGIN} {_UTM} {_LAST} {_MULTI} {_FLAT} {_ITEM}
"""

DEAL = f"""
ID:integer:ro TITLE:string TYPE_ID:crm_status:dict=DEAL_TYPE CATEGORY_ID:crm_category:imm
STAGE_ID:crm_status:dict=DEAL_STAGE STAGE_SEMANTIC_ID:string:ro IS_NEW:char:ro IS_RECURRING:char
IS_RETURN_CUSTOMER:char IS_REPEATED_APPROACH:char PROBABILITY:integer {_MONEY} TAX_VALUE:double {_CLIENT}
QUOTE_ID:crm_quote:ro,etid=7 BEGINDATE:date CLOSEDATE:date OPENED:char CLOSED:char COMMENTS:string {_BY}
MOVED_BY_ID:user:ro MOVED_TIME:datetime:ro {_SOURCE} LEAD_ID:crm_lead:etid=1 ADDITIONAL_INFO:string
LOCATION_ID:location {_ORIGIN} {_UTM} {_LAST} {_ITEM} ORDER_STAGE:string:item SEARCH_CONTENT:string:ro,item
DATE_CREATE_SHORT:string:dead,item IS_WORK:char:dead,item IS_WON:char:dead,item RECEIVED_AMOUNT:double:dead,item
"""

CONTACT = f"""
ID:integer:ro {_PERSON} PHOTO:file TYPE_ID:crm_status:dict=CONTACT_TYPE {_SOURCE} POST:string {_ADDRESS}
COMMENTS:string OPENED:char EXPORT:char {_HAS} {_BY} COMPANY_ID:crm_company:depr COMPANY_IDS:crm_company:mult
LEAD_ID:crm_lead:etid=1 {_ORIGIN} ORIGIN_VERSION:string {_UTM} {_LAST} {_MULTI} {_FLAT} {_ITEM}
CATEGORY_ID:crm_category:item
"""

COMPANY = f"""
ID:integer:ro TITLE:string:req COMPANY_TYPE:crm_status:dict=COMPANY_TYPE LOGO:file {_ADDRESS} ADDRESS_LEGAL:string
REG_ADDRESS:string REG_ADDRESS_2:string REG_ADDRESS_CITY:string REG_ADDRESS_POSTAL_CODE:string
REG_ADDRESS_REGION:string REG_ADDRESS_PROVINCE:string REG_ADDRESS_COUNTRY:string REG_ADDRESS_COUNTRY_CODE:string
REG_ADDRESS_LOC_ADDR_ID:integer BANKING_DETAILS:string INDUSTRY:crm_status:dict=INDUSTRY
EMPLOYEES:crm_status:dict=EMPLOYEES CURRENCY_ID:crm_currency REVENUE:double OPENED:char COMMENTS:string {_HAS}
IS_MY_COMPANY:char {_BY} CONTACT_ID:crm_contact:mult,classic,as=contactIds CONTACT_IDS:crm_contact:mult,item
LEAD_ID:crm_lead:etid=1 {_ORIGIN} ORIGIN_VERSION:string {_UTM} {_LAST} LAST_COMMUNICATION_TIME:string:ro
{_MULTI} {_FLAT} {_ITEM} CATEGORY_ID:crm_category:item
"""

QUOTE = f"""
ID:integer:ro QUOTE_NUMBER:string:ro TITLE:string STATUS_ID:crm_status:dict=QUOTE_STATUS {_MONEY} TAX_VALUE:double
COMPANY_ID:crm_company MYCOMPANY_ID:crm_company CONTACT_ID:crm_contact:depr CONTACT_IDS:crm_contact:mult
CONTACTS:crm_contact:mult,item BEGINDATE:date CLOSEDATE:date ACTUAL_DATE:date OPENED:char CLOSED:char
COMMENTS:string CONTENT:string TERMS:string CLIENT_TITLE:string CLIENT_ADDR:string CLIENT_CONTACT:string
CLIENT_EMAIL:string CLIENT_PHONE:string CLIENT_TP_ID:string CLIENT_TPA_ID:string {_BY} LEAD_ID:crm_lead
DEAL_ID:crm_deal PERSON_TYPE_ID:integer LOCATION_ID:location {_UTM} {_LAST} LAST_COMMUNICATION_TIME:string:ro
STATUS_SEMANTIC_ID:string:ro,item {_ITEM}
"""

_DYNAMIC = f"""
ID:integer:ro TITLE:string XML_ID:string CREATED_TIME:datetime:ro UPDATED_TIME:datetime:ro CREATED_BY:user:ro
UPDATED_BY:user:ro ASSIGNED_BY_ID:user OPENED:boolean:req BEGINDATE:date CLOSEDATE:date {_CLIENT}
CATEGORY_ID:crm_category MOVED_TIME:datetime:ro MOVED_BY:user:ro STAGE_ID:crm_status:dict=STAGE
PREVIOUS_STAGE_ID:crm_status:ro,dict=STAGE {_SOURCE} {_MONEY} TAX_VALUE:double MYCOMPANY_ID:crm_company:etid=4
{_LAST} {_UTM} {_ITEM} ORIGINATOR_ID:string ORIGIN_ID:string
PARENT_ID_1:crm_lead:etid=1 PARENT_ID_2:crm_deal:etid=2 PARENT_ID_7:crm_quote:etid=7
"""

DYNAMIC = _DYNAMIC

SMART_INVOICE = f"{_DYNAMIC} ACCOUNT_NUMBER:string COMMENTS:string LOCATION_ID:location"
